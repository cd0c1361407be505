import type { Ipv4 } from '../model/ip.ts';
import { DNS_PORT } from '../model/responder.ts';

/** Servers that may have port 53 of this host. Who comes after them takes it from none. */
const NAME_SERVERS = ['dnsmasq', 'named', 'bind9', 'unbound', 'knot', 'nsd'].map((name) => `${name}.service`);

/** What holds the ports of an island's daemon, also while that is started anew. */
export function socketOf(island: string): string {
  return `islandd@${island}.socket`;
}

/** The island of such a unit, or of the path of its file. */
export function islandOfSocket(path: string): string | undefined {
  return /(?:^|\/)islandd@([^/]+)\.socket$/.exec(path)?.[1];
}

/**
 * Port 53 of the addresses. TCP comes first: systemd sets SO_REUSEADDR, with which somebody else's UDP port could be
 * had beside him, and he would be asked no more; a TCP port on which somebody listens cannot, and the rest is not tried.
 */
export function socketText(island: string, addresses: readonly Ipv4[]): string {
  const ports = (kind: string) => addresses.map((address) => `Listen${kind}=${address}:${DNS_PORT}`);
  return `${[
    `# Where this host answers for the names of ${island}. What is asked while islandd@${island} starts anew waits here.`,
    '# Why it is as it is: docs/decisions/0028-dns-sockets.md.',
    '[Unit]',
    `Description=Names of island ${island}`,
    'Documentation=man:island(8)',
    '# Sockets come before services at boot; these come after whoever may have the port, and he keeps it.',
    'DefaultDependencies=no',
    'Requires=sysinit.target',
    `After=sysinit.target ${NAME_SERVERS.join(' ')}`,
    'Conflicts=shutdown.target',
    'Before=shutdown.target',
    '# It lasts as long as the daemon is meant to run, so no question starts one that was stopped or has given up.',
    'StopWhenUnneeded=yes',
    '',
    '[Socket]',
    ...ports('Stream'),
    ...ports('Datagram'),
    '# An address may come later than this.',
    'FreeBind=yes',
    'FileDescriptorName=dns',
    '# Room for some 20 000 questions, which wait here while there is no daemon.',
    'ReceiveBuffer=8M',
  ].join('\n')}\n`;
}
