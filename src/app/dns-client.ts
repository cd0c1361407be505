import type { Host } from '../host/host.ts';
import { linkNameOf, SHARED } from '../model/addressing.ts';
import type { Ipv4 } from '../model/ip.ts';
import type { Island } from '../model/island.ts';
import { type NameServer, nameServerOf } from '../model/name-server.ts';
import { DNS_PORT, responderAddresses } from '../model/responder.ts';
import { workersLinkOf } from '../model/worker.ts';
import { reverseApexes } from '../model/zone.ts';
import { ownAddresses } from '../plan/observed.ts';
import type { SceneOptions } from './scene.ts';
import { type Whoami, whoami } from './whoami.ts';

export interface ClientOptions extends SceneOptions {
  /** Whom to ask, if not the responder that this host would. */
  readonly server?: NameServer | undefined;
}

/** What a resolver has to be told, so that it asks about the names of the island and about no others. */
export interface SplitDns {
  readonly island: Island;
  readonly server: NameServer;
  /** The zone of the names, then those of the addresses. */
  readonly zones: readonly string[];
  /** Where a responder listens on this host. */
  readonly ownAddresses: readonly Ipv4[];
  /** A link of this host that leads to the hub. */
  readonly link: string | undefined;
}

/** The same for every resolver. */
export async function splitDns(host: Host, options: ClientOptions): Promise<SplitDns> {
  const seen = await whoami(host, options);
  const { island, place, observed } = seen;
  const server = options.server ?? { address: nameServerOf(island, place), port: DNS_PORT };
  return {
    ...{ island, server, zones: [island.zone, ...reverseApexes(island)], link: linkTo(seen) },
    ownAddresses: place.role === 'none' ? [] : responderAddresses(island, place, ownAddresses(observed)),
  };
}

/** A hub has many, and any of them will do: its own address is reached over each. */
function linkTo({ island, place }: Whoami): string | undefined {
  switch (place.role) {
    case 'hub': {
      const [peer] = island.peers;
      if (peer === undefined) return island.workers && workersLinkOf(island.name);
      return linkNameOf(island.name, peer.link === 'vxlan' ? SHARED : peer.name);
    }
    case 'peer':
      return linkNameOf(island.name, island.hub.name);
    case 'worker':
      return workersLinkOf(island.name);
    case 'member':
    case 'none':
      return undefined;
  }
}
