import type { Endpoint, PortOwner } from '../model/endpoint.ts';

/** A program that has a port. */
export interface Holder {
  readonly pid: number;
  /** As the kernel has it: at most 15 bytes. */
  readonly name: string;
  readonly command: readonly string[];
  /** Of systemd, that it runs in. */
  readonly unit: string | undefined;
  readonly isWildcard: boolean;
}

/** What is wanted, and the link that carries the address. */
export interface WantedPort extends Endpoint {
  readonly link: string | undefined;
}

/** Names of all links of islands begin thus (model/addressing.ts). */
const ISLAND_LINKS = 'isl-';

/** Who it is, and how to make it leave the address alone. */
export function ownerOf(holder: Holder, wanted: WantedPort): PortOwner {
  const { name, pid, isWildcard } = holder;
  const where = isWildcard ? 'all addresses' : wanted.address;
  return { who: `${name} (pid ${pid}) listens on ${where}`, hint: hintFor(holder, wanted) };
}

function hintFor(holder: Holder, wanted: WantedPort): string {
  const { address, link } = wanted;
  // Who takes that away from it leaves the host itself without names.
  if (link === 'lo')
    return `take ${address} out of "dns: listen:", which is the address of this host's own resolver`;
  if (link?.startsWith(ISLAND_LINKS)) return fixFor(holder, wanted);
  return `take ${address} out of "dns: listen:"; or ${fixFor(holder, wanted)}`;
}

function fixFor(holder: Holder, wanted: WantedPort): string {
  const { address, port } = wanted;
  const restart = (unit: string) => `systemctl restart ${holder.unit ?? unit}`;
  switch (holder.name) {
    case 'dnsmasq':
      return dnsmasqFix(holder, wanted, restart('dnsmasq'));
    case 'named':
      return `write "listen-on { !${address}; any; };" into the options of /etc/bind/named.conf.options, then "${restart('named')}"`;
    case 'unbound':
      return `write "interface:" with each address that it is to have, and not ${address}, into /etc/unbound/unbound.conf.d, then "${restart('unbound')}"`;
    case 'systemd-resolve':
      return `take ${address} out of DNSStubListenerExtra= in /etc/systemd/resolved.conf, then "${restart('systemd-resolved')}"`;
    case 'systemd':
      return `stop the socket unit that has it, which "systemctl list-sockets" shows beside ${address}:${port}`;
    default:
      return `make ${holder.name} listen at other addresses than ${address}, then restart it`;
  }
}

/**
 * By default it is bound to all addresses. bind-dynamic gives each its own socket, also those that come later; where it
 * has those already it may be by bind-interfaces, beside which bind-dynamic is refused.
 */
function dnsmasqFix({ command, isWildcard }: Holder, { link }: WantedPort, restart: string): string {
  const isOurs = link?.startsWith(ISLAND_LINKS) ?? true;
  const except = `except-interface=${isOurs ? `${ISLAND_LINKS}*` : link}\\n`;
  const lines = isWildcard ? `bind-dynamic\\n${except}` : except;
  const effect = isOurs ? '' : `, where it serves no names and no DHCP on ${link} then`;
  return `run "printf '${lines}' >>${dnsmasqFile(command)} && ${restart}"${effect}`;
}

/** What it reads: Debian's unit and others give a folder. */
function dnsmasqFile(command: readonly string[]): string {
  const folder = argumentOf(command, '-7', '--conf-dir')?.split(',')[0];
  if (folder !== undefined) return `${folder}/island.conf`;
  return argumentOf(command, '-C', '--conf-file') ?? '/etc/dnsmasq.conf';
}

function argumentOf(command: readonly string[], short: string, long: string): string | undefined {
  const index = command.findIndex((each) => each === short || each === long || each.startsWith(`${long}=`));
  const word = command[index];
  return word?.startsWith(`${long}=`) ? word.slice(long.length + 1) : command[index + 1 || command.length];
}
