import { durationMs } from '../model/duration.ts';
import { parseIpv4, parseSubnet } from '../model/ip.ts';
import type { Check, HostEntry, Island, LinkEnd } from '../model/island.ts';
import { expandRange } from '../model/names.ts';
import { gatewayOf } from './entries.ts';
import { recordOf } from './records.ts';
import { type Config, defaultZone } from './schema.ts';

/** What a valid file means: ranges expanded, everything derived that it leaves out. */
export function islandOf(config: Config): Island {
  return {
    name: config.island,
    subnet: parseSubnet(config.subnet),
    zone: config.zone ?? defaultZone(config.island),
    port: config.port,
    mtu: config.mtu,
    hub: endOf(config.hub),
    peers: config.peers.map((peer) => ({ ...endOf(peer), link: peer.link ?? config.link })),
    hosts: config.hosts.flatMap(hostsOf),
    forwarding: config.forwarding,
    workers: config.workers && {
      pool: parseSubnet(config.workers.pool),
      keepaliveMs: durationMs(config.workers.keepalive),
      routes: config.workers.routes.map(parseSubnet),
    },
    dns: dnsOf(config),
    checks: config.checks.map(checkOf),
  };
}

function dnsOf({ island, zone = defaultZone(island), dns }: Config): Island['dns'] {
  return {
    client: dns.client,
    listen: dns.listen.map(parseIpv4),
    allow: dns.allow.map(parseSubnet),
    ttlSeconds: durationMs(dns.ttl) / 1000,
    negativeTtlSeconds: durationMs(dns.negativeTtl) / 1000,
    records: dns.records.map((record) => recordOf(record, zone)),
  };
}

function endOf(end: Config['hub']): LinkEnd {
  return {
    name: end.name,
    outer: parseIpv4(end.outer),
    local: end.local === undefined ? undefined : parseIpv4(end.local),
    inner: parseIpv4(end.inner),
    mtu: end.mtu,
    networks: end.networks.map((network) => ({
      subnet: parseSubnet(network.subnet),
      gateway: gatewayOf(network, end) ?? parseIpv4(end.outer),
    })),
  };
}

function hostsOf(host: Config['hosts'][number], entry: number): readonly HostEntry[] {
  const addresses = expandRange(host.address);
  const routes = host.routes.map(expandRange);
  return expandRange(host.name).map((name, index) => ({
    name,
    address: parseIpv4(addresses[index] ?? host.address),
    routes: routes.map((range) => parseSubnet(range[index] ?? '')),
    translate: host.translate,
    entry,
  }));
}

function checkOf({ name, required, ping, tcp, dns }: Config['checks'][number]): Check {
  if (ping !== undefined) return { kind: 'ping', name, target: ping, required };
  if (tcp !== undefined) return { kind: 'tcp', name, target: tcp, required };
  return { kind: 'dns', name, target: dns ?? name, required };
}
