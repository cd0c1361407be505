import { contains, type Ipv4, isIpv4, parseIpv4, parseSubnet } from '../model/ip.ts';
import { type Fault, MOST_HOSTS, rangeSize } from '../model/names.ts';
import type { EntryFault } from './fault.ts';
import { gatewayFault, isDomainName, isPort } from './values.ts';

interface EndEntry {
  readonly outer: string;
  readonly local?: string | undefined;
  readonly networks: readonly NetworkEntry[];
}

interface NetworkEntry {
  readonly subnet: string;
  readonly gateway?: string | undefined;
}

interface HostEntry {
  readonly name: string;
  readonly address: string;
  readonly routes: readonly string[];
  readonly translate: boolean;
}

interface CheckEntry {
  readonly ping?: string | undefined;
  readonly tcp?: string | undefined;
  readonly dns?: string | undefined;
}

/** The next hop of a network's hosts: what the file says, else the end's own address in it. */
export function gatewayOf(network: NetworkEntry, end: EndEntry): Ipv4 | undefined {
  if (network.gateway !== undefined) return parseIpv4(network.gateway);
  const subnet = parseSubnet(network.subnet);
  return [end.local, end.outer]
    .filter((address) => address !== undefined)
    .map(parseIpv4)
    .find((address) => contains(subnet, address));
}

export function networkFaults(network: NetworkEntry): readonly EntryFault[] {
  if (network.gateway === undefined) return [];
  const fault = gatewayFault(parseSubnet(network.subnet), network.gateway);
  return fault === undefined ? [] : [{ ...fault, path: ['gateway'] }];
}

/** The networks whose next hop is neither written nor derivable. */
export function endFaults(end: EndEntry): readonly EntryFault[] {
  return end.networks.flatMap((network, index): EntryFault[] => {
    if (network.gateway !== undefined) return [];
    const path = ['networks', index, 'gateway'];
    const derived = gatewayOf(network, end);
    if (derived !== undefined) {
      const fault = gatewayFault(parseSubnet(network.subnet), derived);
      return fault === undefined ? [] : [{ ...fault, path, value: derived }];
    }
    return [
      {
        path,
        message: `missing, since the outer address ${end.outer} lies outside ${network.subnet}`,
        hint: 'add "gateway:" with the address that this host has in the network',
      },
    ];
  });
}

/** Ranges that do not pair up, and routes behind a host that takes none itself. */
export function hostFaults(host: HostEntry): readonly EntryFault[] {
  const names = rangeSize(host.name) ?? 1;
  const paired: readonly (readonly [EntryFault['path'], string])[] = [
    [['address'], host.address],
    ...host.routes.map((route, index) => [['routes', index], route] as const),
  ];
  const unpaired = paired
    .filter(([, text]) => (rangeSize(text) ?? 1) !== names)
    .map(([path, text]): EntryFault => {
      const count = rangeSize(text) ?? 1;
      return {
        path,
        message: `range of ${count} for ${names} ${names === 1 ? 'name' : 'names'} (${host.name})`,
        hint: `write a range of ${names === 1 ? 'one: no brackets' : names}, as in the name`,
      };
    });
  if (!host.translate || host.routes.length === 0) return unpaired;
  const translated: EntryFault = {
    path: ['routes'],
    message: 'routes behind a host that takes no routes itself',
    hint: 'leave out "translate" or "routes"',
    value: host.routes.join(', '),
  };
  return [...unpaired, translated];
}

/** Bounds what the ranges of all hosts expand to, before anything is expanded. */
export function hostListFaults(hosts: readonly HostEntry[]): readonly EntryFault[] {
  const total = hosts.reduce(
    (sum, { name, routes }) => sum + (rangeSize(name) ?? 1) * (1 + routes.length),
    0,
  );
  if (total <= MOST_HOSTS) return [];
  return [
    {
      path: [],
      message: 'too many hosts and routes',
      hint: `shorten the ranges to ${MOST_HOSTS} hosts and routes in all`,
      value: String(total),
    },
  ];
}

export function checkFaults(check: CheckEntry): readonly EntryFault[] {
  const kinds = (['ping', 'tcp', 'dns'] as const).filter((kind) => check[kind] !== undefined);
  if (kinds.length === 1) return [];
  const [, second] = kinds;
  const hint = 'write exactly one of ping, tcp and dns';
  return second === undefined
    ? [{ path: [], message: 'checks nothing', hint }]
    : [
        {
          path: [second],
          message: 'checks a second thing',
          hint: `${hint}, and a check of its own for the other`,
        },
      ];
}

/** A name or address, as ping and names lookups take it. */
export function targetFault(text: string): Fault | undefined {
  return isIpv4(text) || isDomainName(text)
    ? undefined
    : { message: 'not a name or an address', hint: 'write the name of a host of this island, such as fit01' };
}

/** `name:port` or `address:port`. */
export function tcpTargetFault(text: string): Fault | undefined {
  const [target = '', port = '', ...rest] = text.split(':');
  if (rest.length === 0 && targetFault(target) === undefined && isPort(port)) return undefined;
  return { message: 'not a name or an address with a port', hint: 'write both, such as "sopnode-l1:6443"' };
}
