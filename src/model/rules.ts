import { contains, covers, formatSubnet, type Ipv4, isHostAddress, isLoopback, type Subnet } from './ip.ts';
import { endsOf, type HostEntry, type Island, type LinkEnd } from './island.ts';
import { tunnelName } from './names.ts';
import { finderOf, overlapsIn } from './overlaps.ts';
import { recordIssues } from './record-rules.ts';
import { checkIssues } from './service-rules.ts';

/** A rule between entries that an island breaks. */
export interface Issue {
  readonly path: Path;
  readonly message: string;
  readonly hint: string;
  /** What to show, where it is not what stands at `path` in the file. */
  readonly value?: string;
  /** Top-level keys that the issue rests on: it may be untrue where one of them is not complete. */
  readonly restsOn?: readonly string[];
}

/** The way to a value in the file: `['peers', 0, 'outer']`. */
export type Path = readonly (string | number)[];

/** An end of a link with its place in the file. */
interface PlacedEnd {
  readonly end: LinkEnd;
  readonly path: Path;
}

const ENDS = ['hub', 'peers'];

/** Every rule between entries that `island` breaks, one for a place; near linear, for islands of 10 000 peers. */
export function problemsOf(island: Island): readonly Issue[] {
  const ends = endsOf(island).map(
    (end, index): PlacedEnd => ({ end, path: index === 0 ? ['hub'] : ['peers', index - 1] }),
  );
  const issues = [
    ...nameIssues(island.hosts, ends),
    ...ends.flatMap((placed) => underlayIssues(island, placed)),
    ...outerIssues(ends),
    ...innerIssues(island, ends),
    ...overlapIssues(island, ends),
    ...poolIssues(island, ends),
    ...hostIssues(island.hosts, ends),
    ...listenIssues(island, ends),
    ...recordIssues(island),
    ...checkIssues(island),
  ];
  // Thirty-seven hosts of one range that break one rule are one mistake.
  const byPath = new Map(issues.toReversed().map((issue) => [issue.path.join('.'), issue]));
  return issues.filter((issue) => byPath.get(issue.path.join('.')) === issue);
}

function nameIssues(hosts: readonly HostEntry[], ends: readonly PlacedEnd[]): readonly Issue[] {
  const owners = new Map<string, string>();
  const hint = 'give each host a name of its own';
  const claim = (name: string, path: Path): readonly Issue[] => {
    const owner = owners.get(name);
    owners.set(name, owner ?? label(path));
    if (owner === undefined) return [];
    return [{ path: [...path, 'name'], message: `name is already that of ${owner}`, hint, value: name }];
  };
  return [
    ...ends.flatMap(({ end, path }) => [...claim(end.name, path), ...claim(tunnelName(end.name), path)]),
    ...hosts.flatMap(({ name, entry }) => claim(name, ['hosts', entry])),
  ];
}

/** An underlay address inside the island would send a link's packets into the link. */
function underlayIssues({ subnet }: Island, { end, path }: PlacedEnd): readonly Issue[] {
  const inside = (['outer', 'local'] as const).filter((key) => {
    const address = end[key];
    return address !== undefined && contains(subnet, address);
  });
  return inside.map((key) => ({
    path: [...path, key],
    message: `underlay address inside the island's subnet ${formatSubnet(subnet)}`,
    hint: 'write the address that the underlay knows, or change "subnet"',
    restsOn: ['subnet'],
  }));
}

function outerIssues(ends: readonly PlacedEnd[]): readonly Issue[] {
  const owners = new Map(ends.toReversed().map(({ end }) => [end.outer, end]));
  return ends.flatMap(({ end, path }): readonly Issue[] => {
    const owner = owners.get(end.outer);
    const lender = end.local === undefined ? undefined : owners.get(end.local);
    const shared: Issue = {
      path: [...path, 'outer'],
      message: `outer address is already that of ${owner?.name}`,
      hint: 'take hosts behind one NAT address out of "peers": they join as workers, with a token',
    };
    const borrowed: Issue = {
      path: [...path, 'local'],
      message: `local address is the outer address of ${lender?.name}`,
      hint: `write the address that ${end.name} has itself`,
    };
    const borrows = lender !== undefined && lender !== end && lender !== owner;
    return [...(owner === end ? [] : [shared]), ...(borrows ? [borrowed] : [])];
  });
}

function innerIssues({ subnet }: Island, ends: readonly PlacedEnd[]): readonly Issue[] {
  const owners = new Map(ends.toReversed().map(({ end }) => [end.inner, end]));
  const within = formatSubnet(subnet);
  return ends.flatMap(({ end, path }): readonly Issue[] => {
    const at = [...path, 'inner'];
    const hint = `write a free address of ${within}`;
    const owner = owners.get(end.inner);
    if (!contains(subnet, end.inner)) {
      const message = `inner address outside the island's subnet ${within}`;
      return [{ path: at, message, hint: `${hint}, or change "subnet"`, restsOn: ['subnet'] }];
    }
    if (!isHostAddress(subnet, end.inner)) {
      return [
        { path: at, message: `the network or broadcast address of ${within}`, hint, restsOn: ['subnet'] },
      ];
    }
    return owner === end
      ? []
      : [{ path: at, message: `inner address is already that of ${owner?.name}`, hint }];
  });
}

function overlapIssues(island: Island, ends: readonly PlacedEnd[]): readonly Issue[] {
  const own = {
    subnet: island.subnet,
    path: ['subnet'] as Path,
    whose: "the island's subnet",
    rests: ['subnet'],
  };
  const networks = ends.flatMap(({ end, path }) =>
    end.networks.map(({ subnet }, index) => ({
      subnet,
      path: [...path, 'networks', index, 'subnet'],
      whose: `a network of ${end.name}`,
      rests: [],
    })),
  );
  const routes = island.hosts.flatMap(({ name, entry, routes: ranges }) =>
    ranges.map((subnet, index) => ({
      subnet,
      path: ['hosts', entry, 'routes', index],
      whose: `a route of ${name}`,
      rests: [],
    })),
  );
  const ofWorkers = (island.workers?.routes ?? []).map((subnet, index) => ({
    subnet,
    path: ['workers', 'routes', index],
    whose: 'a range of the workers',
    rests: [],
  }));
  const blocks: readonly Block[] = [own, ...networks, ...routes, ...ofWorkers];
  return overlapsIn(blocks.map(({ subnet }) => subnet)).flatMap(({ first, second }) => {
    const [earlier, later] = [blocks[first], blocks[second]];
    return earlier === undefined || later === undefined ? [] : [overlapIssue(earlier, later)];
  });
}

interface Block {
  readonly subnet: Subnet;
  readonly path: Path;
  readonly whose: string;
  readonly rests: readonly string[];
}

function overlapIssue(earlier: Block, later: Block): Issue {
  return {
    path: later.path,
    message: `overlaps ${formatSubnet(earlier.subnet)}, ${earlier.whose}`,
    hint: 'give each subnet one place in the island, and change one of the two',
    value: formatSubnet(later.subnet),
    restsOn: earlier.rests,
  };
}

function poolIssues({ subnet, workers }: Island, ends: readonly PlacedEnd[]): readonly Issue[] {
  if (workers === undefined) return [];
  const path = ['workers', 'pool'];
  const hint = `write a part of ${formatSubnet(subnet)} that no inner address lies in`;
  if (!covers(subnet, workers.pool)) {
    const message = `pool outside the island's subnet ${formatSubnet(subnet)}`;
    return [{ path, message, hint, restsOn: ['subnet'] }];
  }
  const taken = ends.find(({ end }) => contains(workers.pool, end.inner));
  if (taken === undefined) return [];
  return [{ path, message: `pool holds ${taken.end.inner}, the inner address of ${taken.end.name}`, hint }];
}

function hostIssues(hosts: readonly HostEntry[], ends: readonly PlacedEnd[]): readonly Issue[] {
  const networkOf = finderOf(ends.flatMap(({ end }) => end.networks));
  const owners = ownersOf(ends);
  return hosts.flatMap(({ name, address, entry }): readonly Issue[] => {
    const path = ['hosts', entry, 'address'];
    const owner = owners.get(address);
    owners.set(address, owner ?? name);
    if (owner !== undefined) {
      const hint = 'give each host an address of its own; the hub and the peers need no entry here';
      return [{ path, message: `address is already that of ${owner}`, hint, value: address }];
    }
    const network = networkOf(address);
    if (network === undefined) {
      const hint = 'add its network to the hub or a peer, or correct the address';
      return [{ path, message: 'address in no network of the island', hint, value: address, restsOn: ENDS }];
    }
    if (isHostAddress(network.subnet, address)) return [];
    const message = `the network or broadcast address of ${formatSubnet(network.subnet)}`;
    return [{ path, message, hint: 'write the address of the host', value: address }];
  });
}

/** Every address of the hub and the peers, with the name of its end. */
function ownersOf(ends: readonly PlacedEnd[]): Map<Ipv4, string> {
  return new Map(
    ends.flatMap(({ end }) =>
      [
        end.outer,
        end.inner,
        ...(end.local === undefined ? [] : [end.local]),
        ...end.networks.map(({ gateway }) => gateway),
      ].map((address) => [address, end.name] as const),
    ),
  );
}

/** The responder can only answer on addresses that the hub and the peers have in their networks. */
function listenIssues(island: Island, ends: readonly PlacedEnd[]): readonly Issue[] {
  const networkOf = finderOf(ends.flatMap(({ end }) => end.networks));
  const hosts = new Map(island.hosts.map(({ address, name }) => [address, name]));
  const seen = new Set<Ipv4>();
  return island.dns.listen.flatMap((address, index): readonly Issue[] => {
    const path = ['dns', 'listen', index];
    const hint = 'write the address that the hub or a peer has in one of its networks';
    const isRepeated = seen.has(address);
    seen.add(address);
    if (isRepeated) return [{ path, message: 'address is there twice', hint: 'remove one of the two' }];
    if (isLoopback(address)) return [];
    const host = hosts.get(address);
    if (host !== undefined) return [{ path, message: `address of ${host}, which serves no network`, hint }];
    if (networkOf(address) !== undefined) return [];
    return [{ path, message: 'address in no network of the island', hint, restsOn: ENDS }];
  });
}

function label([section, index]: Path): string {
  return section === 'hub' ? 'the hub' : `${section}[${index}]`;
}
