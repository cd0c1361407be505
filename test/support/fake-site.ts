import fc from 'fast-check';
import { type FakeHost, fakeHost } from './fake-host.ts';
import { modelFile } from './island.ts';

/** Hosts of the model network as they are before any island. */
export const SELF = {
  'sopnode-l1': {
    links: { eth0: { addresses: ['138.96.245.50/24'] } },
    routes: [{ to: '0.0.0.0/0', via: '138.96.245.250', dev: 'eth0' }],
  },
  faraday: {
    links: {
      internet: { addresses: ['138.96.16.97/28'] },
      control: { addresses: ['192.168.3.100/24'] },
      data: { addresses: ['192.168.2.100/24'] },
    },
    routes: [{ to: '0.0.0.0/0', via: '138.96.16.110', dev: 'internet' }],
    resolved: true,
  },
  fit02: {
    links: { control: { addresses: ['192.168.3.2/24'] }, data: { addresses: ['192.168.2.2/24'] } },
  },
  'sopnode-w1': {
    links: { eth0: { addresses: ['138.96.245.51/24'] } },
    routes: [{ to: '0.0.0.0/0', via: '138.96.245.250', dev: 'eth0' }],
    resolved: true,
  },
} as const;

export type Name = keyof typeof SELF;
export const NAMES = Object.keys(SELF) as Name[];

export function hostOf(hostname: Name, text: string): FakeHost {
  return fakeHost({ hostname, configs: [{ path: '/etc/island/r2lab.yaml', text }], ...SELF[hostname] });
}

/** A host whose file can be replaced. */
export function hostWithFile(
  hostname: Name,
  text: string,
): { readonly host: FakeHost; edit(text: string): void } {
  const configs = [{ path: '/etc/island/r2lab.yaml', text }];
  return {
    host: fakeHost({ hostname, configs, ...SELF[hostname] }),
    edit: (later) => void configs.splice(0, 1, { path: '/etc/island/r2lab.yaml', text: later }),
  };
}

/** The state of the kernel without what the order of insertion decides. */
export function stateOf(host: FakeHost): unknown {
  const { links, routes, rules, neighbours, fdb, nft, forwarding, ...names } = host.kernel.observe();
  const sorted = (values: readonly unknown[]) => values.map((value) => JSON.stringify(value)).toSorted();
  const { resolved, hostsFile } = names;
  return {
    nft,
    resolved,
    hostsFile,
    lists: [links, routes, rules, neighbours, fdb, [...forwarding]].map(sorted),
  };
}

const LAPTOP = '  - { name: laptop, outer: 198.51.100.9, inner: 10.3.1.9, link: vxlan }\n';
const CLOUD =
  '  - { name: cloud1, outer: 203.0.113.7, inner: 10.3.1.4, networks: [{ subnet: 203.0.113.0/24 }] }\n';

export const name = fc.constantFrom(...NAMES);

/** Files of the model network that differ in what they want of every host. */
export const file = fc.record({
  kind: fc.constantFrom('ipip' as const, 'vxlan' as const),
  extra: fc.constantFrom('', LAPTOP, CLOUD, LAPTOP + CLOUD),
  mtu: fc.constantFrom('auto', 1400),
  client: fc.constantFrom('auto', 'hosts', 'off'),
});

export function textOf(wanted: {
  readonly kind: 'ipip' | 'vxlan';
  readonly extra: string;
  readonly mtu: string | number;
  readonly client: string;
}): string {
  return `mtu: ${wanted.mtu}\ndns: { client: ${wanted.client} }\n${modelFile(wanted.kind, wanted.extra)}`;
}

/** Runs it as a process that is killed after so many commands; afterwards the host is as any other. */
export async function killedAfter(host: FakeHost, count: number, run: () => Promise<unknown>): Promise<void> {
  host.kernel.failAfter(count);
  host.kernel.onFailure(() => {
    host.dead = true;
  });
  await run().catch(() => undefined);
  host.kernel.heal();
  host.dead = false;
}
