import { type Ipv4, isIpv4 } from './ip.ts';

/** The ends of an SSH session as this host sees them; `server` is its own address. */
export interface Session {
  readonly client: Ipv4;
  readonly clientPort: number;
  readonly server: Ipv4;
  readonly serverPort: number;
}

/** A value of SSH_CONNECTION, `192.0.2.7 50022 192.0.2.1 22`; undefined when it is not one over IPv4. */
export function parseSession(text: string): Session | undefined {
  const [client = '', clientPort, server = '', serverPort] = text.split(' ');
  if (!isIpv4(client) || !isIpv4(server)) return undefined;
  return { client, clientPort: Number(clientPort), server, serverPort: Number(serverPort) };
}
