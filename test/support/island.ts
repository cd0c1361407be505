import { fileURLToPath } from 'node:url';
import { eachOf, HOSTS_AT_ONCE } from './each-of.ts';
import type { LabHost } from './lab/host.ts';
import type { Lab } from './lab/lab.ts';
import type { Outcome } from './lab/namespace.ts';

/** The island as an operator runs it: the bundle that `npm run build` makes. */
export const ISLAND = fileURLToPath(new URL('../../dist/main.cjs', import.meta.url));

export type Kinds = 'ipip' | 'vxlan' | 'mixed';

/** The hosts of the model network that join, in the order in which the design says to. */
export const JOINING = ['sopnode-l1', 'sopnode-w1', 'sopnode-w2', 'faraday', 'fit01', 'fit02', 'fit07'];

/** Where each is reached; the public address of faraday is in no network of the island. */
export const ADDRESSES: Readonly<Record<string, readonly string[]>> = {
  'sopnode-l1': ['138.96.245.50', '10.3.1.2'],
  faraday: ['192.168.3.100', '192.168.2.100', '10.3.1.3'],
};

/** The hub of the model network, as every file of it says. */
export const HUB_LINES = `hub:
  name: sopnode-l1
  outer: 138.96.245.50
  inner: 10.3.1.2
  networks:
    - subnet: 138.96.245.0/24
`;

/** The file of the model network; `extra` is further YAML at its end. */
export function modelFile(link: 'ipip' | 'vxlan', extra = ''): string {
  return `island: r2lab
link: ${link}
${HUB_LINES}peers:
  - name: faraday
    outer: 138.96.16.97
    inner: 10.3.1.3
    networks:
      - { subnet: 192.168.3.0/24, gateway: 192.168.3.100 }
      - { subnet: 192.168.2.0/24, gateway: 192.168.2.100 }
${extra}hosts:
  - { name: "fit[01-37]", address: "192.168.3.[1-37]" }
  - { name: "sopnode-w[1-3]", address: "138.96.245.[51-53]" }
  - { name: pdu, address: 138.96.245.30, translate: true }
`;
}

/** Writes the file to the hosts, as copying it there would. */
export async function install(hosts: readonly LabHost[], text: string, name = 'r2lab'): Promise<void> {
  await Promise.all(hosts.map((host) => host.writeFile(`/etc/island/${name}.yaml`, text)));
}

/** Runs `island …` on a host, as root would there, and returns how it ended. */
export function island(host: LabHost, ...args: readonly string[]): Promise<Outcome> {
  return host.exec([process.execPath, ISLAND, ...args], { timeoutMs: 120_000 });
}

/** The same, for commands that have to succeed; returns what they printed. */
export async function mustIsland(host: LabHost, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await island(host, ...args);
  if (code !== 0) throw new Error(`${host.name}: island ${args.join(' ')}: exit ${code}\n${stdout}${stderr}`);
  return stdout;
}

/** Every joining host of the model network. */
export function joiningHosts(lab: Lab): LabHost[] {
  return JOINING.map(lab.host);
}

/** Installs the file and joins on all, all at once: no order is needed for the result. */
export async function joinAll(hosts: readonly LabHost[], text: string): Promise<string[]> {
  await install(hosts, text);
  return onAll(hosts, 'join');
}

/** Runs a command that has to succeed on every host. */
export function onAll(hosts: readonly LabHost[], ...args: readonly string[]): Promise<string[]> {
  return eachOf(hosts, HOSTS_AT_ONCE, (host) => mustIsland(host, ...args));
}
