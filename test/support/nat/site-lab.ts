import { createHash } from 'node:crypto';
import type { Lab } from '../lab/lab.ts';
import { type NatSite, rulesetAt, tcpAddressOf } from './site.ts';

/** Builds the site beside the model network. Every worker is a machine of its own, by its machine-id too. */
export async function raiseSite(lab: Lab, { network, workers }: NatSite): Promise<void> {
  await lab.raise(network);
  await Promise.all(
    workers.map((worker) => {
      const id = createHash('md5').update(worker).digest('hex');
      return lab.host(worker).writeFile('/etc/machine-id', `${id}\n`);
    }),
  );
}

/** Makes the NATs of the site forget every flow, as a restart of theirs would. */
export async function forgetMappings(lab: Lab, { nats }: NatSite): Promise<void> {
  await Promise.all(nats.map((nat) => lab.host(nat).run(['conntrack', '-F'])));
}

/**
 * How long the NATs of the site remember UDP that is quiet, answered or not. It holds for flows from their next
 * packet on, so call it before the first one, or forget them.
 */
export async function setMappingSeconds(lab: Lab, { nats }: NatSite, seconds: number): Promise<void> {
  const sysctls = ['udp_timeout', 'udp_timeout_stream'].map(
    (name) => `net.netfilter.nf_conntrack_${name}=${seconds}`,
  );
  await Promise.all(nats.map((nat) => lab.host(nat).run(['sysctl', '-qw', ...sysctls])));
}

/**
 * Lets seconds pass for the UDP flows that the NATs of the site remember: what would be forgotten within that
 * time is forgotten now, and the rest is that much nearer to it.
 */
export async function passSeconds(lab: Lab, { nats }: NatSite, seconds: number): Promise<void> {
  await Promise.all(
    nats.map(async (nat) => {
      const listed = await lab.host(nat).run(['conntrack', '-L', '-p', 'udp']);
      for (const line of listed.split('\n').filter(Boolean)) {
        const { left, original } = parseFlow(line);
        const age = left > seconds ? ['-U', '-t', String(left - seconds)] : ['-D'];
        await lab.host(nat).exec(['conntrack', ...age, '-p', 'udp', ...original]);
      }
    }),
  );
}

/** A line such as `udp 17 29 src=192.168.100.11 dst=138.96.245.50 sport=10310 dport=10310 src=… [ASSURED] …`. */
function parseFlow(line: string): { readonly left: number; readonly original: readonly string[] } {
  const value = (key: string) => line.match(new RegExp(`${key}=(\\S+)`))?.[1] ?? '';
  return {
    left: Number(line.trim().split(/\s+/)[2]),
    original: ['-s', value('src'), '-d', value('dst'), '--sport', value('sport'), '--dport', value('dport')],
  };
}

/**
 * Gives the site its other outer address, as a provider does over night: the old one is gone and no flow
 * survives. A second call changes it back. With `none` it is the first worker whose own address changes.
 */
export async function changeOuter(lab: Lab, site: NatSite): Promise<string> {
  const [name = '', link] = site.shape === 'none' ? [site.workers[0], 'eth0'] : [site.nats[0], 'wan'];
  const host = lab.host(name);
  const shown = await host.run(['ip', '-4', '-o', 'address', 'show', 'dev', link]);
  const [from, to] = shown.includes(` ${site.outer[0]}/`) ? site.outer : site.outer.toReversed();
  if (from === undefined || to === undefined) throw new Error(`${site.name}: no outer address`);
  const extra = site.shape === 'symmetric' ? [`address add ${tcpAddressOf(to)}/24 dev ${link}`] : [];
  await host.ip([
    `address flush dev ${link}`,
    `address add ${to}/24 dev ${link}`,
    ...extra,
    ...(host.plan.routes ?? []).map((route) => `route replace ${route}`),
  ]);
  if (site.shape === 'none') return to;
  await host.run(['nft', '-f', '-'], { input: rulesetAt(site, to) });
  // Masquerade forgets what it did with an address that is gone; a flow of `snat to` would keep it for ever.
  await host.run(['conntrack', '-F']);
  return to;
}
