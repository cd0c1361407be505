import { IslandError } from '../errors.ts';
import { contains, formatSubnet, type Ipv4 } from '../model/ip.ts';
import type { Island, LinkEnd, LinkKind, Network, Peer } from '../model/island.ts';
import type { HubPlace, PeerPlace, WorkerPlace } from '../model/place.ts';
import type { HubWorkers, Lease } from '../model/worker.ts';
import { linkWith, type Observed, ownAddresses } from './observed.ts';
import { type Underlay, underlayOf } from './underlay.ts';

/** The far end of a link, and how the link to it is made. */
export interface Remote {
  readonly end: LinkEnd;
  readonly link: LinkKind;
}

/** A host that has links. */
export type EndPlace = HubPlace | PeerPlace | WorkerPlace;

/** A hub, a peer or a worker on its own host, with what both the file and the kernel say of it. */
export interface EndSetting {
  readonly island: Island;
  readonly role: 'hub' | 'peer' | 'worker';
  readonly self: LinkEnd;
  readonly remotes: readonly Remote[];
  readonly observed: Observed;
  readonly underlay: Underlay;
  /** The source of its outer packets; a cloud's NAT may turn it into `self.outer`. */
  readonly local: Ipv4;
  /** What others see as this host's address: in its own network, else the inner one. */
  readonly source: Ipv4;
  /** The links to its own networks. */
  readonly lanLinks: readonly string[];
  /** Of a hub where the file has workers. */
  readonly workers: HubWorkers | undefined;
  /** Of a worker. */
  readonly lease: Lease | undefined;
}

export function endSetting(
  { island, observed }: { readonly island: Island; readonly observed: Observed },
  place: EndPlace,
): EndSetting {
  const self = place.end;
  const remotes = remotesOf(island, place);
  const underlay = underlayOf(observed);
  const own = ownAddresses(observed);
  return {
    ...{ island, role: place.role, self, remotes, observed, underlay },
    local:
      place.role === 'worker'
        ? workerAddress(island, underlay)
        : localAddress({ self, remotes, own, underlay }),
    source: sourceAddress(self, own),
    lanLinks: [...new Set(self.networks.map((network) => lanLink(observed, self, network)))],
    workers: place.role === 'hub' ? place.workers : undefined,
    lease: place.role === 'worker' ? place.lease : undefined,
  };
}

function toRemote(peer: Peer): Remote {
  return { end: peer, link: peer.link };
}

function remotesOf(island: Island, place: EndPlace): readonly Remote[] {
  switch (place.role) {
    case 'hub':
      return island.peers.map(toRemote);
    case 'peer':
      return [{ end: island.hub, link: place.end.link }];
    case 'worker':
      return [{ end: island.hub, link: 'vxlan' }];
  }
}

/** What its packets to the hub have as source at this moment; another one later is as good. */
function workerAddress({ hub }: Island, underlay: Underlay): Ipv4 {
  const source = underlay(hub.outer)?.source;
  if (source !== undefined) return source;
  throw new IslandError('E_RETRY', `no route of this host leads to ${hub.outer}, the hub ${hub.name}`, {
    hint: 'bring the uplink up first',
  });
}

interface LocalContext {
  readonly self: LinkEnd;
  readonly remotes: readonly Remote[];
  readonly own: readonly Ipv4[];
  readonly underlay: Underlay;
}

/** `local:` or `outer:` where the host has it, else the address that its route to the far end uses. */
function localAddress({ self, remotes, own, underlay }: LocalContext): Ipv4 {
  const said = self.local ?? self.outer;
  if (own.includes(said)) return said;
  if (self.local !== undefined) {
    throw new IslandError('E_RETRY', `${self.name}: local: no link of this host has ${self.local}`, {
      hint: `bring the uplink up first, write one of ${own.join(', ') || 'its addresses'}, or leave "local:" out`,
    });
  }
  const [first] = remotes;
  const source = first === undefined ? undefined : underlay(first.end.outer)?.source;
  if (source !== undefined) return source;
  throw new IslandError(
    'E_RETRY',
    `${self.name}: no link of this host has ${self.outer}, and no route leads to ${first?.end.outer ?? 'a peer'}`,
    {
      hint: 'bring the uplink up first, or say "local:" in the file',
    },
  );
}

function sourceAddress(self: LinkEnd, own: readonly Ipv4[]): Ipv4 {
  for (const { subnet, gateway } of self.networks) {
    const preferred = [gateway, self.outer, ...own].find(
      (address) => own.includes(address) && contains(subnet, address),
    );
    if (preferred !== undefined) return preferred;
  }
  return self.inner;
}

/** The link that has the network's next hop; without it nothing that the network sends would arrive here. */
function lanLink(observed: Observed, self: LinkEnd, { subnet, gateway }: Network): string {
  const link = linkWith(observed, gateway);
  if (link !== undefined) return link.name;
  throw new IslandError(
    'E_RETRY',
    `${self.name}: network ${formatSubnet(subnet)}: no link of this host has ${gateway}`,
    {
      hint: `give it with "ip address add ${gateway}/${subnet.prefix} dev LINK", or correct "gateway:" in the file`,
    },
  );
}
