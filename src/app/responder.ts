import { IslandError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { type Ipv4, isIpv4 } from '../model/ip.ts';
import type { Island } from '../model/island.ts';
import type { Place } from '../model/place.ts';
import { DNS_PORT, isLoopback, responderAddresses } from '../model/responder.ts';
import { ownAddresses } from '../plan/observed.ts';
import { leaseOf, readJoined, readLease } from './record.ts';
import { loadAndObserve, locate, type SceneOptions } from './scene.ts';

export interface ResponderOptions extends SceneOptions {
  /** Where to listen, each as `192.168.3.100` or `127.0.0.1:5353`, instead of where the file says. */
  readonly listen?: readonly string[] | undefined;
}

/** The island, what this host is in it, and where it is to answer for names. */
export interface ResponderPlace {
  readonly island: Island;
  readonly place: Place;
  readonly endpoints: readonly { readonly address: Ipv4; readonly port: number }[];
}

/** Whether or not this host has joined. E_USAGE where it may not listen there, or has nowhere to. */
export async function responderPlace(host: Host, options: ResponderOptions): Promise<ResponderPlace> {
  const { island, observed } = await loadAndObserve(host, options);
  const store = host.store(island.name);
  const [joined, lease] = await Promise.all([readJoined(store), readLease(store)]);
  const self = { name: options.name, joined: joined?.name, lease: lease && leaseOf(lease) };
  const place = locate(host, { island, observed, ...self });
  if (place.role === 'none') {
    throw new IslandError('E_CONFIG', `this host has no place in ${island.name}: ${place.reason}`, {
      hint: 'say who it is with --name, or add it to the file on every host',
    });
  }
  const own = responderAddresses(island, place, ownAddresses(observed));
  const endpoints =
    options.listen?.map((text) => endpointIn(text, own)) ??
    own.map((address) => ({ address, port: DNS_PORT }));
  if (endpoints.length > 0) return { island, place, endpoints };
  throw new IslandError(
    'E_USAGE',
    `${place.name} answers for names nowhere: it ends no link, and "dns.listen" has no address of its own`,
    {
      hint: 'say where with --listen 127.0.0.1:5353, or add an address of this host to "dns.listen"',
    },
  );
}

/** Whoever listens elsewhere would answer strangers, or answer from an address that nobody asked. */
function endpointIn(text: string, own: readonly Ipv4[]): ResponderPlace['endpoints'][number] {
  const [address = '', port = String(DNS_PORT), ...rest] = text.split(':');
  const hint = `write ${[...own, 'a loopback address'].join(' or ')}, with a port if it is not ${DNS_PORT}, such as 127.0.0.1:5353`;
  const isPort = /^\d{1,5}$/.test(port) && Number(port) > 0 && Number(port) < 65_536;
  if (!isIpv4(address) || !isPort || rest.length > 0) {
    throw new IslandError('E_USAGE', `--listen: not an address with a port: ${JSON.stringify(text)}`, {
      hint,
    });
  }
  if (own.includes(address) || isLoopback(address)) return { address, port: Number(port) };
  throw new IslandError('E_USAGE', `--listen: names are not answered for at ${address}`, { hint });
}
