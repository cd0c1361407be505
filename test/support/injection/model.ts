import { joinAll, modelFile } from '../island.ts';
import type { LabHost } from '../lab/host.ts';
import type { Lab } from '../lab/lab.ts';
import { modelNetwork } from '../lab/model-network.ts';
import type { HostPlan, Network } from '../lab/network.ts';
import { AT_GATEWAY, AT_HUB, LAPTOP, type Parties } from './parties.ts';
import type { Scene } from './tunnel.ts';

const { hosts: HOSTS } = modelNetwork({ nodes: [1], clusterHosts: 1, pdu: false });

/**
 * The model network, whose victims have a second link on the same wire, so that whoever is there can choose by
 * which one to come. The hub forwards whatever it is given, as a host with Docker does, and has a container.
 */
export const INJECTION_NETWORK: Network = {
  hosts: {
    ...HOSTS,
    'sopnode-l1': withLinks(AT_HUB, { docker0: { segment: 'docker', addresses: ['172.17.0.1/16'] } }),
    faraday: withLinks(AT_GATEWAY),
    container: {
      links: { eth0: { segment: 'docker', addresses: ['172.17.0.2/16'] } },
      routes: ['default via 172.17.0.1'],
    },
  },
};

function withLinks({ victim }: Parties, extra: HostPlan['links'] = {}): HostPlan {
  const plan = HOSTS[victim.host];
  const segment = plan?.links?.[victim.uplink]?.segment ?? '';
  return {
    ...plan,
    links: { ...plan?.links, lan: { segment, addresses: [`${victim.lan}/24`] }, ...extra },
    forwards: true,
    // Else either link answers for the addresses of both.
    sysctls: { 'net/ipv4/conf/all/arp_ignore': 1 },
  };
}

/** The hosts of the network that join. */
export function joining(lab: Lab): LabHost[] {
  return ['sopnode-l1', 'sopnode-w1', 'faraday', 'fit01'].map(lab.host);
}

/** Joins them. */
export async function joinModel(lab: Lab, kind: Scene['kind']): Promise<void> {
  const peer = `  - { name: laptop, outer: ${LAPTOP.outer}, inner: ${LAPTOP.inner} }\n`;
  await joinAll(joining(lab), modelFile(kind, peer));
}

/** What there is to know of a victim once it has joined, as the kernels have it. */
export async function sceneOf(lab: Lab, kind: Scene['kind'], parties: Parties): Promise<Scene> {
  const names = [parties.victim.host, parties.peer.host];
  const [near = [], far = []] = await Promise.all(names.map((name) => linksOf(lab.host(name))));
  const macOf = (name: string) => near.find(({ ifname }) => ifname === name)?.address ?? '';
  const [link, farLink] = [near, far].map((links) =>
    links.find(({ linkinfo }) => linkinfo?.info_kind === 'vxlan'),
  );
  return {
    ...{ kind, parties, port: 10310, vni: link?.linkinfo?.info_data?.id ?? 0 },
    wireMac: { uplink: macOf(parties.victim.uplink), lan: macOf('lan') },
    linkMac: { victim: link?.address ?? '', peer: farLink?.address ?? '' },
  };
}

interface KernelLink {
  readonly ifname: string;
  readonly address?: string;
  readonly linkinfo?: { readonly info_kind?: string; readonly info_data?: { readonly id?: number } };
}

async function linksOf(host: LabHost): Promise<KernelLink[]> {
  return JSON.parse(await host.run(['ip', '-j', '-d', 'link', 'show']));
}

/**
 * Whether the kernel is to refuse by itself what comes from where no route leads back, from an address of the
 * host's own, or from a loopback one; on all links and on those to come.
 */
export async function setSourceChecks(host: LabHost, on: boolean): Promise<void> {
  const values = { rp_filter: on, accept_local: !on, route_localnet: !on };
  const lines = Object.entries(values).map(
    ([key, value]) => `for file in /proc/sys/net/ipv4/conf/*/${key}; do echo ${Number(value)} >$file; done`,
  );
  await host.run(['sh', '-c', lines.join('\n')]);
}
