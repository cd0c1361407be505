import { contains, type Ipv4 } from './ip.ts';
import { endsOf, type HostEntry, type Island, type LinkEnd, type Network, type Peer } from './island.ts';
import { type HubWorkers, type Lease, workerEnd } from './worker.ts';

/** What a host says of itself. */
export interface Identity {
  /** `--name`, when the operator says who this is. */
  readonly name?: string | undefined;
  /** The name with which it joined before. */
  readonly joined?: string | undefined;
  /** What the hub gave it, where it joined as a worker. */
  readonly lease?: Lease | undefined;
  readonly hostname: string;
  readonly addresses: readonly Ipv4[];
}

export interface HubPlace {
  readonly role: 'hub';
  readonly name: string;
  readonly end: LinkEnd;
  /** Undefined where the file has no workers. */
  readonly workers?: HubWorkers | undefined;
  readonly reason: string;
}

export interface PeerPlace {
  readonly role: 'peer';
  readonly name: string;
  readonly end: Peer;
  readonly reason: string;
}

/** A host on a gateway's network: routes, and no link. */
export interface MemberPlace {
  readonly role: 'member';
  readonly name: string;
  readonly gateway: LinkEnd;
  readonly network: Network;
  /** Its own address in `network`. */
  readonly address: Ipv4;
  readonly host: HostEntry | undefined;
  readonly reason: string;
}

/** A host behind a NAT that is not ours, which joined with a token. */
export interface WorkerPlace {
  readonly role: 'worker';
  readonly name: string;
  /** As an end of a link; its outer address is whatever it has. */
  readonly end: LinkEnd;
  readonly lease: Lease;
  readonly reason: string;
}

export interface NoPlace {
  readonly role: 'none';
  readonly name: string;
  readonly reason: string;
}

export type Place = HubPlace | PeerPlace | MemberPlace | WorkerPlace;

/** Which host of the island this is: by `--name`, else as it joined, else by hostname, else by one of its addresses. */
export function placeOf(island: Island, self: Identity): Place | NoPlace {
  if (self.lease !== undefined) return workerPlace(self.lease);
  if (self.name !== undefined) {
    return (
      byName(island, self, { name: self.name, why: `named ${self.name}` }) ?? {
        role: 'none',
        name: self.name,
        reason: `no host of ${island.name} is named ${self.name}`,
      }
    );
  }
  const short = self.hostname.split('.')[0] ?? self.hostname;
  const { joined } = self;
  return (
    (joined === undefined
      ? undefined
      : byName(island, self, { name: joined, why: `it joined as ${joined}` })) ??
    byName(island, self, { name: self.hostname, why: `its hostname is ${self.hostname}` }) ??
    byName(island, self, { name: short, why: `its hostname is ${self.hostname}` }) ??
    byAddress(island, self) ?? {
      role: 'none',
      name: self.hostname,
      reason: `neither its hostname ${self.hostname} nor its addresses ${self.addresses.join(', ') || '(none)'} are in the island`,
    }
  );
}

function workerPlace(lease: Lease): WorkerPlace {
  const { worker } = lease;
  return {
    ...{ role: 'worker', name: worker.name, end: workerEnd(worker), lease },
    reason: `the hub leased it ${worker.inner}`,
  };
}

/** `gateway` for a peer with networks: the word that an operator looks for. */
export function roleOf(place: Place | NoPlace): string {
  return place.role === 'peer' && place.end.networks.length > 0 ? 'gateway' : place.role;
}

/** The network and its gateway that hold `address`. */
export function networkOf(
  island: Island,
  address: Ipv4,
): { readonly end: LinkEnd; readonly network: Network } | undefined {
  for (const end of endsOf(island)) {
    const network = end.networks.find(({ subnet }) => contains(subnet, address));
    if (network !== undefined) return { end, network };
  }
  return undefined;
}

function byName(
  island: Island,
  self: Identity,
  { name, why }: { readonly name: string; readonly why: string },
): Place | undefined {
  if (island.hub.name === name) return { role: 'hub', name, end: island.hub, reason: why };
  const peer = island.peers.find((candidate) => candidate.name === name);
  if (peer !== undefined) return { role: 'peer', name, end: peer, reason: why };
  const host = island.hosts.find((candidate) => candidate.name === name);
  return host === undefined ? undefined : memberAs(island, host.address, { host, reason: why, self });
}

function byAddress(island: Island, self: Identity): Place | undefined {
  const own = new Set(self.addresses);
  const carried = ({ outer, local }: LinkEnd) =>
    [outer, local].find((address) => address !== undefined && own.has(address));
  const because = (address: string, what: string) => `its address ${address} is ${what}`;

  const atHub = carried(island.hub);
  if (atHub !== undefined) {
    const { name, outer } = island.hub;
    const reason = because(atHub, `the hub's ${atHub === outer ? 'outer' : 'local'} address`);
    return { role: 'hub', name, end: island.hub, reason };
  }
  for (const peer of island.peers) {
    const { name, outer } = peer;
    const address = carried(peer);
    if (address === undefined) continue;
    const reason = because(address, `the ${address === outer ? 'outer' : 'local'} address of ${name}`);
    return { role: 'peer', name, end: peer, reason };
  }
  const listed = island.hosts.find(({ address }) => own.has(address));
  if (listed !== undefined) {
    const reason = because(listed.address, `that of ${listed.name}`);
    return memberAs(island, listed.address, { host: listed, reason, self });
  }
  for (const address of self.addresses) {
    const place = networkOf(island, address);
    if (place === undefined) continue;
    const reason = because(address, `in ${place.network.subnet.network}/${place.network.subnet.prefix}`);
    return memberAs(island, address, { host: undefined, reason, self });
  }
  return undefined;
}

interface MemberDetails {
  readonly host: HostEntry | undefined;
  readonly reason: string;
  readonly self: Identity;
}

function memberAs(island: Island, address: Ipv4, { host, reason, self }: MemberDetails): Place | undefined {
  const found = networkOf(island, address);
  if (found === undefined) return undefined;
  const name = host?.name ?? self.hostname;
  return { role: 'member', name, gateway: found.end, network: found.network, address, host, reason };
}
