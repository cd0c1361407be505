import { array, boolean, looseObject, number, optional, regex, string, unknown, type z } from 'zod/mini';
import { IslandError } from '../errors.ts';
import { type Ipv4, isIpv4, type Subnet } from '../model/ip.ts';
import {
  MAIN_TABLE,
  type Observed,
  type ObservedFdbEntry,
  type ObservedLink,
  type ObservedNeighbour,
  type ObservedRoute,
  type ObservedRule,
} from '../plan/observed.ts';
import { readJson } from './json.ts';

/** What one `ip -N -j -d -s -batch` is asked; -N keeps the names of /etc/iproute2 and /etc/protocols out. */
export const IP_QUERIES = 'address show\nroute show table all\nrule show\nneighbour show\n';

type IpView = Pick<Observed, 'links' | 'routes' | 'rules' | 'neighbours'>;

/** The four answers to IP_QUERIES, one JSON array a line. */
export function parseIp(text: string): IpView {
  const answers = text.split('\n').filter((line) => line.trim() !== '');
  if (answers.length !== 4)
    throw new IslandError('E_APPLY', `ip gave ${answers.length} answers to 4 questions`);
  const [links = '', routes = '', rules = '', neighbours = ''] = answers;
  return {
    links: readJson(links, array(linkShape), 'ip').map(toLink),
    routes: readJson(routes, array(routeShape), 'ip').flatMap(toRoute),
    rules: readJson(rules, array(ruleShape), 'ip').map(toRule),
    neighbours: readJson(neighbours, array(neighbourShape), 'ip').flatMap(toNeighbour),
  };
}

/** The entries of `bridge -j fdb show` that send a MAC's frames to an address; of one link it does not tell the name. */
export function parseFdb(text: string, link = ''): ObservedFdbEntry[] {
  return readJson(text, array(fdbShape), 'bridge').flatMap(({ mac, ifname = link, dst, port }) =>
    dst !== undefined && isIpv4(dst)
      ? [{ link: ifname, mac, outer: dst, ...(port !== undefined && { port }) }]
      : [],
  );
}

/** What comes to stand in commands: the kernel permits no white space in a link's name, and writes MACs itself. */
const word = string().check(regex(/^\S+$/));

const direction = looseObject({ bytes: number(), packets: number(), errors: number() });
const linkShape = looseObject({
  ifname: word,
  flags: array(string()),
  mtu: number(),
  group: optional(string()),
  address: optional(string()),
  ifalias: optional(string()),
  linkinfo: optional(
    looseObject({
      info_kind: optional(string()),
      info_data: optional(
        looseObject({
          local: optional(string()),
          remote: optional(string()),
          id: optional(number()),
          port: optional(number()),
          port_range: optional(looseObject({ low: number(), high: number() })),
          learning: optional(boolean()),
          udp_csum: optional(boolean()),
        }),
      ),
    }),
  ),
  addr_info: optional(
    array(
      looseObject({ family: optional(string()), local: optional(string()), prefixlen: optional(number()) }),
    ),
  ),
  stats64: optional(
    looseObject({ rx: direction, tx: looseObject({ ...direction.shape, collisions: number() }) }),
  ),
});

function toLink(link: z.output<typeof linkShape>): ObservedLink {
  const data = link.linkinfo?.info_data;
  return {
    ...{ name: link.ifname, kind: link.linkinfo?.info_kind, mtu: link.mtu, up: link.flags.includes('UP') },
    ...{ group: Number(link.group ?? 0), alias: link.ifalias ?? '', mac: link.address ?? '' },
    addresses: (link.addr_info ?? []).flatMap(({ family, local, prefixlen }) =>
      family === 'inet' && local !== undefined && isIpv4(local)
        ? [{ address: local, prefix: prefixlen ?? 32 }]
        : [],
    ),
    counters: countersOf(link.stats64),
    ...(data !== undefined && {
      tunnel: {
        ...{
          local: data.local,
          remote: data.remote,
          id: data.id,
          port: data.port,
          portRange: data.port_range,
        },
        ...{ learning: data.learning, udpChecksum: data.udp_csum },
      },
    }),
  };
}

function countersOf(stats: z.output<typeof linkShape>['stats64']): ObservedLink['counters'] {
  const { rx, tx } = stats ?? {};
  return {
    ...{ rxBytes: rx?.bytes ?? 0, rxPackets: rx?.packets ?? 0, rxErrors: rx?.errors ?? 0 },
    ...{ txBytes: tx?.bytes ?? 0, txPackets: tx?.packets ?? 0, txErrors: tx?.errors ?? 0 },
    collisions: tx?.collisions ?? 0,
  };
}

const routeShape = looseObject({
  type: optional(string()),
  dst: string(),
  dev: optional(word),
  gateway: optional(string()),
  prefsrc: optional(string()),
  table: optional(string()),
  protocol: optional(string()),
  scope: optional(string()),
  metric: optional(number()),
  flags: optional(array(string())),
  metrics: optional(array(looseObject({ mtu: optional(number()) }))),
  nexthops: optional(array(looseObject({ gateway: optional(string()), dev: optional(word) }))),
  /** Router preference: only IPv6 routes have one. */
  pref: optional(string()),
});

/** RTN_* of linux/rtnetlink.h. */
const ROUTE_TYPES: Readonly<Record<string, ObservedRoute['type']>> = {
  1: 'unicast',
  6: 'blackhole',
  7: 'unreachable',
  8: 'prohibit',
  9: 'throw',
};
const LOCAL_TABLE = 255;

/** IPv4 routes only; those of the table local are the kernel's own. */
function toRoute(route: z.output<typeof routeShape>): ObservedRoute[] {
  const destination = subnetFrom(route.dst);
  const table = Number(route.table ?? MAIN_TABLE);
  if (destination === undefined || table === LOCAL_TABLE || route.pref !== undefined) return [];
  const way = route.nexthops?.[0] ?? route;
  return [
    {
      ...{ table, destination, link: way.dev, nextHop: addressFrom(way.gateway) },
      type: ROUTE_TYPES[route.type ?? '1'] ?? 'other',
      ...{ source: addressFrom(route.prefsrc), onlink: route.flags?.includes('onlink') === true },
      ...{
        protocol: Number(route.protocol ?? 0),
        scope: Number(route.scope ?? 0),
        metric: route.metric ?? 0,
      },
      mtu: route.metrics?.find(({ mtu }) => mtu !== undefined)?.mtu,
    },
  ];
}

const ruleShape = looseObject({
  priority: number(),
  src: optional(string()),
  srclen: optional(number()),
  dst: optional(string()),
  dstlen: optional(number()),
  ipproto: optional(string()),
  sport: optional(number()),
  dport: optional(number()),
  table: optional(string()),
  protocol: optional(string()),
  suppress_prefixlen: optional(number()),
});

/** Keys of a rule that say nothing about which packets it is for. */
const UNSELECTIVE = [
  'priority',
  'src',
  'srclen',
  'dst',
  'dstlen',
  'table',
  'protocol',
  'not',
  'suppress_prefixlen',
];

function toRule(rule: z.output<typeof ruleShape>): ObservedRule {
  return {
    ...{
      priority: rule.priority,
      from: rangeFrom(rule.src, rule.srclen),
      to: rangeFrom(rule.dst, rule.dstlen),
    },
    ...{ ipProtocol: protocolFrom(rule.ipproto), sourcePort: rule.sport, destinationPort: rule.dport },
    ...{
      table: rule.table === undefined ? undefined : Number(rule.table),
      protocol: Number(rule.protocol ?? 0),
    },
    ...{ inverted: 'not' in rule, suppressPrefix: rule.suppress_prefixlen },
    narrowed: Object.keys(rule).some((key) => !UNSELECTIVE.includes(key)),
  };
}

/** With -N, `ipproto-4`. */
function protocolFrom(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text.replace('ipproto-', ''));
}

function rangeFrom(text: string | undefined, length: number | undefined): Subnet | undefined {
  if (text === undefined || text === 'all' || !isIpv4(text)) return undefined;
  return { network: text, prefix: length ?? 32 };
}

const neighbourShape = looseObject({
  dst: string(),
  dev: optional(word),
  lladdr: optional(word),
  state: optional(array(string())),
  /** There, and null, when it is. */
  managed: optional(unknown()),
});

function toNeighbour(entry: z.output<typeof neighbourShape>): ObservedNeighbour[] {
  const { dst, dev, lladdr, state = [] } = entry;
  if (!isIpv4(dst) || dev === undefined) return [];
  const managed = 'managed' in entry && { managed: true };
  return [{ link: dev, address: dst, mac: lladdr, permanent: state.includes('PERMANENT'), ...managed }];
}

const fdbShape = looseObject({
  mac: word,
  ifname: optional(word),
  dst: optional(string()),
  port: optional(number()),
});

/** `default`, `10.3.1.0/24`, `10.3.1.2`; undefined for IPv6. */
function subnetFrom(text: string): Subnet | undefined {
  if (text === 'default') return { network: '0.0.0.0' as Ipv4, prefix: 0 };
  const [network = '', prefix = '32'] = text.split('/');
  return isIpv4(network) ? { network, prefix: Number(prefix) } : undefined;
}

function addressFrom(text: string | undefined): Ipv4 | undefined {
  return text !== undefined && isIpv4(text) ? text : undefined;
}
