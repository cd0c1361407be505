import {
  contains,
  formatSubnet,
  type Ipv4,
  parseIpv4,
  parseSubnet,
  type Subnet,
  subnetOf,
} from '../../src/model/ip.ts';
import { commandsOf, type Effect } from '../../src/plan/effect.ts';
import type { Firewall } from '../../src/plan/firewall.ts';
import type { Observed, ObservedLink, ObservedRoute, ObservedRule } from '../../src/plan/observed.ts';
import type { NftTable, Timers } from '../../src/plan/resource.ts';
import { changeFirewalls, isRuleInput } from './fake-firewall.ts';
import { FakeNames } from './fake-names.ts';
import { formatListing, parseNftInput } from './fake-nft.ts';

const NO_COUNTERS = {
  ...{ rxBytes: 0, rxPackets: 0, rxErrors: 0, txBytes: 0, txPackets: 0, txErrors: 0, collisions: 0 },
};

/** As the kernel has them for a new link. */
const TIMERS = {
  kind: 'timers',
  ...{ reachableMs: 30_000, delayMs: 5000, retransmitMs: 1000 },
  questions: 3,
} as const;

const HOSTS = '127.0.0.1 localhost\n';

interface BareLink {
  readonly addresses: readonly string[];
  readonly mtu?: number;
  /** Undefined for hardware. */
  readonly kind?: string;
}

/** What the host was before island came: its own links, by name, with their addresses and routes. */
export interface BareHost {
  readonly links: Readonly<Record<string, BareLink>>;
  readonly routes?: readonly { readonly to: string; readonly via: string; readonly dev: string }[];
  readonly firewalls?: readonly Firewall[];
  /** Whether systemd-resolved runs. */
  readonly resolved?: boolean;
  /** /etc/hosts. */
  readonly hosts?: string;
}

/**
 * A kernel in memory. It knows the grammar of the commands that island may run, and no other: a test that
 * passes has also proved which commands were run. It keeps the rules of the kernel that island relies on:
 * what is on a link goes with it, routes want a link that is up and a source that is local, rules are
 * refused when they are there already.
 */
export class FakeKernel {
  readonly ran: string[] = [];
  readonly #links = new Map<string, ObservedLink>();
  #routes: ObservedRoute[] = [];
  #rules: ObservedRule[] = [];
  #neighbours: Observed['neighbours'][number][] = [];
  #fdb: Observed['fdb'][number][] = [];
  #nft: NftTable | 'absent' = 'absent';
  /** What others load, and reload; the kernel only knows how to put rules in and out. */
  firewalls: readonly Firewall[];
  readonly names: FakeNames;
  readonly #forwarding = new Map([['all', '0']]);
  readonly #timers = new Map<string, Timers>();
  /** Commands that still succeed; the next one fails. */
  #credit = Number.POSITIVE_INFINITY;
  #react = (): void => undefined;

  constructor({ links, routes = [], firewalls = [], resolved = false, hosts = HOSTS }: BareHost) {
    this.names = new FakeNames({ resolved, hosts });
    this.firewalls = firewalls;
    for (const [name, { addresses, kind, mtu = 1500 }] of Object.entries(links)) {
      this.#addLink({ name, kind, mtu, group: 0, mac: '02:00:00:00:00:01' }, true);
      for (const address of addresses) this.#addAddress(name, address);
    }
    this.#rules = [kernelRule(0, 255), kernelRule(32_766, 254), kernelRule(32_767, 253)];
    for (const { to, via, dev } of routes) {
      this.#routes.push({ ...boringRoute(parseSubnet(to)), link: dev, nextHop: parseIpv4(via), protocol: 3 });
    }
  }

  /** From the command after the next `count` ones on, every one fails, until `heal`. */
  failAfter(count: number): void {
    this.#credit = count;
  }

  /** Only the command after the next `count` ones fails. */
  failOnce(count: number): void {
    this.#credit = count;
    this.onFailure(() => this.heal());
  }

  onFailure(react: () => void): void {
    this.#react = react;
  }

  heal(): void {
    this.#credit = Number.POSITIVE_INFINITY;
    this.#react = () => undefined;
  }

  observe(): Observed {
    return structuredClone({
      ...{ links: [...this.#links.values()], routes: this.#routes, rules: this.#rules },
      ...{ neighbours: this.#neighbours, fdb: this.#fdb, nft: this.#nft, forwarding: this.#forwarding },
      timers: [...this.#timers.values()],
      ...this.names.observe(),
      claims: [],
      firewalls: this.firewalls,
    });
  }

  listNft(): string {
    return this.#nft === 'absent' ? '' : formatListing(this.#nft);
  }

  perform(effect: Effect): void {
    switch (effect.tool) {
      case 'ip':
      case 'bridge':
        for (const line of effect.lines) this.#command(`${effect.tool} ${line}`);
        break;
      case 'nft':
        this.#spend('nft -f', () => {
          if (isRuleInput(effect.input)) this.firewalls = changeFirewalls(this.firewalls, effect);
          else this.#nft = parseNftInput(effect, this.#nft);
        });
        break;
      case 'iptables-legacy-restore':
        this.#spend(effect.tool, () => {
          this.firewalls = changeFirewalls(this.firewalls, effect);
        });
        break;
      case 'sysctl':
        this.#spend(`sysctl -w ${effect.key}=${effect.value}`, () => this.#sysctl(effect.key, effect.value));
        break;
      case 'resolvectl':
      case 'hosts':
        for (const command of commandsOf(effect)) this.#command(command);
    }
  }

  /** Runs a command as somebody else would, without a trace in `ran`. */
  meddle(command: string): void {
    if (this.names.perform(command, (name) => this.#links.has(name))) return;
    const [pattern, perform] = this.#find(command);
    perform((pattern.exec(command)?.groups ?? {}) as Words);
  }

  #command(command: string): void {
    this.#spend(command, () => this.meddle(command));
  }

  #spend(command: string, perform: () => void): void {
    if (this.#credit <= 0) {
      this.#react();
      throw new Error(`the kernel refuses: ${command}`);
    }
    this.#credit -= 1;
    this.ran.push(command);
    perform();
  }

  #find(command: string): readonly [RegExp, (words: Words) => void] {
    const found = this.#grammar.find(([pattern]) => pattern.test(command));
    if (found === undefined) throw new Error(`unexpected command: ${command}`);
    return found;
  }

  readonly #grammar: readonly (readonly [RegExp, (words: Words) => void])[] = [
    [
      /^ip link add dev (?<dev>isl-\S+) mtu (?<mtu>\d+) group (?<group>\d+) type ipip local (?<local>\S+) remote (?<remote>\S+) ttl 64$/,
      ({ dev, mtu, group, local, remote }) => {
        this.#addLink({ name: dev, kind: 'ipip', mtu: Number(mtu), group: Number(group), mac: local });
        this.#changeLink(dev, { tunnel: { local, remote } });
      },
    ],
    [
      /^ip link add dev (?<dev>isl-\S+) mtu (?<mtu>\d+) group (?<group>\d+) address (?<mac>[\da-f]{2}(?::[\da-f]{2}){5}) type vxlan id (?<id>\d+)(?: local (?<local>\S+))?(?: remote (?<remote>\S+))? dstport (?<port>\d+) srcport (?<low>\d+) (?<high>\d+) nolearning noudpcsum df unset$/,
      ({ dev, mtu, group, mac, id, local, remote, port, low, high }) => {
        this.#addLink({ name: dev, kind: 'vxlan', mtu: Number(mtu), group: Number(group), mac });
        const portRange = { low: Number(low), high: Number(high) };
        const numbers = { id: Number(id), port: Number(port), portRange };
        const fixed = { learning: false, udpChecksum: false };
        this.#changeLink(dev, { tunnel: { local, remote, ...numbers, ...fixed } });
        if (remote === undefined) return;
        this.#fdb.push({ link: dev, mac: '00:00:00:00:00:00', outer: parseIpv4(remote) });
      },
    ],
    [
      /^ip link set dev (?<dev>\S+) alias (?<alias>island:\S+) addrgenmode none$/,
      ({ dev, alias }) => this.#changeLink(dev, { alias }),
    ],
    [/^ip link set dev (?<dev>\S+) up$/, ({ dev }) => this.#changeLink(dev, { up: true })],
    [
      /^ip link set dev (?<dev>\S+) down$/,
      ({ dev }) => {
        this.#changeLink(dev, { up: false });
        this.#routes = this.#routes.filter(({ link }) => link !== dev);
      },
    ],
    [
      /^ip link set dev (?<dev>\S+) mtu (?<mtu>\d+)$/,
      ({ dev, mtu }) => this.#changeLink(dev, { mtu: Number(mtu) }),
    ],
    [/^ip link delete dev (?<dev>\S+)$/, ({ dev }) => this.#removeLink(dev)],
    [/^ip address replace (?<ip>[\d.]+\/32) dev (?<dev>\S+)$/, ({ ip, dev }) => this.#addAddress(dev, ip)],
    [
      /^ip address delete (?<ip>[\d.]+)\/32 dev (?<dev>\S+)$/,
      ({ ip, dev }) => {
        const { addresses } = this.#link(dev);
        this.#changeLink(dev, { addresses: addresses.filter(({ address }) => address !== ip) });
      },
    ],
    [
      /^ip neighbour replace (?<ip>\S+) lladdr (?<mac>\S+) dev (?<dev>\S+) nud permanent$/,
      ({ ip, mac, dev }) => {
        this.#meddleNeighbour(dev, ip);
        this.#neighbours.push({ link: this.#link(dev).name, address: parseIpv4(ip), mac, permanent: true });
      },
    ],
    [
      /^ip neighbour replace (?<ip>\S+) dev (?<dev>\S+) managed extern_learn$/,
      ({ ip, dev }) => {
        this.#meddleNeighbour(dev, ip);
        const entry = { link: this.#link(dev).name, address: parseIpv4(ip), mac: undefined };
        this.#neighbours.push({ ...entry, permanent: false, managed: true });
      },
    ],
    [
      /^ip ntable change name arp_cache dev (?<dev>\S+) base_reachable (?<base>\d+) delay_probe (?<delay>\d+) retrans (?<retrans>\d+) mcast_probes (?<probes>\d+)$/,
      ({ dev, base, delay, retrans, probes }) =>
        this.#changeTimers(dev, {
          ...{ reachableMs: Number(base), delayMs: Number(delay) },
          ...{ retransmitMs: Number(retrans), questions: Number(probes) },
        }),
    ],
    [/^ip neighbour delete (?<ip>\S+) dev (?<dev>\S+)$/, ({ ip, dev }) => this.#meddleNeighbour(dev, ip)],
    [
      /^bridge fdb replace (?<mac>\S+) dev (?<dev>\S+) dst (?<ip>\S+)(?: port (?<port>\d+))? self permanent$/,
      ({ mac, dev, ip, port }) => {
        this.#fdb = this.#fdb.filter((entry) => entry.link !== dev || entry.mac !== mac);
        const known = port === undefined ? {} : { port: Number(port) };
        this.#fdb.push({ link: this.#link(dev).name, mac, outer: parseIpv4(ip), ...known });
      },
    ],
    [
      /^bridge fdb delete (?<mac>\S+) dev (?<dev>\S+) dst (?<ip>\S+)(?: port \d+)? self permanent$/,
      ({ mac, dev }) => {
        this.#fdb = this.#fdb.filter((entry) => entry.link !== dev || entry.mac !== mac);
      },
    ],
    [
      /^ip route (?<verb>replace|delete) (?:(?<type>throw|unreachable) )?(?<to>\S+\/\d+)(?: via (?<via>\S+))?(?: dev (?<dev>\S+))?(?<onlink> onlink)?(?: src (?<src>\S+))? table (?<table>\d+) proto 110$/,
      (words) => this.#route(words),
    ],
    [
      /^ip rule (?<verb>add|delete) pref (?<pref>\d+) from (?<from>\S+)(?: to (?<to>\S+))?(?: ipproto (?<proto>\S+))?(?: sport (?<port>\d+) dport \k<port>)?(?: dport (?<dport>\d+))? lookup (?<table>\S+) protocol 110$/,
      (words) => this.#rule(words),
    ],
  ];

  #changeTimers(dev: string, change: Partial<Timers>): void {
    const timers = this.#timers.get(this.#link(dev).name);
    if (timers === undefined) throw new Error(`${dev}: No such file or directory`);
    this.#timers.set(dev, { ...timers, ...change });
  }

  #link(name: string): ObservedLink {
    const link = this.#links.get(name);
    if (link === undefined) throw new Error(`Cannot find device "${name}"`);
    return link;
  }

  #addLink(link: Pick<ObservedLink, 'name' | 'kind' | 'mtu' | 'group' | 'mac'>, up = false): void {
    if (this.#links.has(link.name)) throw new Error(`${link.name}: File exists`);
    this.#links.set(link.name, { ...link, up, alias: '', addresses: [], counters: NO_COUNTERS });
    this.#forwarding.set(link.name, '0');
    if (link.kind !== undefined) this.#timers.set(link.name, { ...TIMERS, link: link.name });
  }

  #changeLink(name: string, change: Partial<ObservedLink>): void {
    this.#links.set(name, { ...this.#link(name), ...change });
  }

  #removeLink(name: string): void {
    this.#links.delete(this.#link(name).name);
    this.names.forget(name);
    this.#forwarding.delete(name);
    this.#timers.delete(name);
    this.#routes = this.#routes.filter(({ link }) => link !== name);
    this.#neighbours = this.#neighbours.filter(({ link }) => link !== name);
    this.#fdb = this.#fdb.filter(({ link }) => link !== name);
  }

  #addAddress(name: string, text: string): void {
    const [ip = '', prefix = ''] = text.split('/');
    const address = parseIpv4(ip);
    const others = this.#link(name).addresses.filter((own) => own.address !== address);
    this.#changeLink(name, { addresses: [...others, { address, prefix: Number(prefix) }] });
    if (Number(prefix) === 32) return;
    this.#routes.push({
      ...boringRoute(subnetOf(address, Number(prefix))),
      link: name,
      source: address,
      protocol: 2,
      scope: 253,
    });
  }

  #meddleNeighbour(dev: string, ip: string): void {
    this.#neighbours = this.#neighbours.filter(({ link, address }) => link !== dev || address !== ip);
  }

  #route({ verb, type, to, via, dev, onlink, src, table }: Words): void {
    const destination = parseSubnet(to ?? '');
    const same = (route: ObservedRoute) =>
      route.table === Number(table) && formatSubnet(route.destination) === formatSubnet(destination);
    if (verb === 'delete' && !this.#routes.some(same)) throw new Error('No such process');
    this.#routes = this.#routes.filter((route) => !same(route));
    if (verb === 'delete') return;
    if (dev !== undefined && !this.#link(dev).up) throw new Error('Device for nexthop is not up');
    if (src !== undefined && !this.#isLocal(src)) throw new Error('Invalid prefsrc address');
    if (via !== undefined && onlink === undefined && !this.#isNeighbour(via))
      throw new Error('Nexthop has invalid gateway');
    this.#routes.push({
      ...{ ...boringRoute(destination), table: Number(table), protocol: 110 },
      ...{ type: (type ?? 'unicast') as ObservedRoute['type'], link: dev, onlink: onlink !== undefined },
      ...{ nextHop: via as Ipv4 | undefined, source: src as Ipv4 | undefined },
    });
  }

  #isLocal(address: string): boolean {
    return [...this.#links.values()].some(({ addresses }) =>
      addresses.some((own) => own.address === address),
    );
  }

  #isNeighbour(address: string): boolean {
    return this.#routes.some(
      ({ scope, destination }) => scope === 253 && contains(destination, parseIpv4(address)),
    );
  }

  #rule({ verb, pref, from, to, proto, port, dport = port, table }: Words): void {
    const rule: ObservedRule = {
      ...{ priority: Number(pref), from: hostRange(from), to: hostRange(to) },
      ...{
        ipProtocol: proto === undefined ? undefined : Number(proto.replace('udp', '17').replace('tcp', '6')),
      },
      ...{ sourcePort: optionalNumber(port), destinationPort: optionalNumber(dport) },
      ...{ table: Number(table?.replace('main', '254')), protocol: 110 },
      ...{ inverted: false, suppressPrefix: undefined, narrowed: proto !== undefined },
    };
    const same = (other: ObservedRule) => JSON.stringify(other) === JSON.stringify(rule);
    const there = this.#rules.some(same);
    if (there !== (verb === 'delete')) throw new Error(there ? 'File exists' : 'No such file or directory');
    this.#rules = this.#rules.filter((other) => !same(other));
    if (verb === 'add') this.#rules.push(rule);
  }

  #sysctl(key: string, value: string): void {
    const link = /^net\.ipv4\.conf\.(?<link>.+)\.forwarding$/
      .exec(key)
      ?.groups?.['link']?.replaceAll('/', '.');
    if (link === undefined || !this.#forwarding.has(link))
      throw new Error(`${key}: No such file or directory`);
    this.#forwarding.set(link, value);
  }
}

/** Named groups of the grammar; those that the pattern makes optional may be missing. */
type Words = Readonly<
  Record<'dev' | 'mtu' | 'group' | 'local' | 'remote' | 'mac' | 'id' | 'low' | 'high' | 'alias', string>
> &
  Readonly<Record<'ip', string>> &
  Readonly<
    Partial<
      Record<
        | 'verb'
        | 'type'
        | 'to'
        | 'via'
        | 'onlink'
        | 'src'
        | 'table'
        | 'pref'
        | 'from'
        | 'proto'
        | 'port'
        | 'dport'
        | 'base'
        | 'delay'
        | 'retrans'
        | 'probes',
        string
      >
    >
  >;

function boringRoute(destination: Subnet): ObservedRoute {
  return {
    ...{ table: 254, type: 'unicast', destination, link: undefined, nextHop: undefined, source: undefined },
    ...{ onlink: false, protocol: 0, scope: 0, metric: 0, mtu: undefined },
  };
}

function kernelRule(priority: number, table: number): ObservedRule {
  return {
    ...{ priority, table, from: undefined, to: undefined, ipProtocol: undefined, protocol: 2 },
    ...{ sourcePort: undefined, destinationPort: undefined },
    ...{ inverted: false, suppressPrefix: undefined, narrowed: false },
  };
}

function hostRange(text: string | undefined): Subnet | undefined {
  return text === undefined || text === 'all' ? undefined : { network: parseIpv4(text), prefix: 32 };
}

function optionalNumber(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}
