import { ISLAND, island, joinAll } from '../island.ts';
import type { LabHost } from '../lab/host.ts';
import type { Lab } from '../lab/lab.ts';
import { answerNames } from '../names/responder.ts';
import { HOSTS, PROBED_HOSTS, type ProbeFault, probedFile } from './fault.ts';

/**
 * Joins every host, has each echo and ask the hub for names, and puts up what the checks of the file ask for. Names do
 * not depend on the kind of link, and an emulated processor, which ipip needs, is spared them.
 */
export async function joinProbed(lab: Lab, link: 'ipip' | 'vxlan'): Promise<void> {
  const hosts = PROBED_HOSTS[link].map(lab.host);
  await joinAll(hosts, probedFile(link));
  const hasNames = link === 'vxlan';
  if (hasNames) await answerNames(lab.host('sopnode-l1'));
  await Promise.all(
    hosts.map(async (host) => {
      await host.writeFile('/etc/hosts', HOSTS);
      if (hasNames) await host.writeFile('/etc/resolv.conf', RESOLV_CONF);
      await host.start([process.execPath, ISLAND, 'echo']).outputMatching(/answering/, 60_000);
    }),
  );
  const listen = "require('net').createServer((s) => s.end()).listen(8080, () => console.log('listening'))";
  await lab
    .host('fit01')
    .start([process.execPath, '-e', listen])
    .outputMatching(/listening/, 60_000);
}

const RESOLV_CONF = 'nameserver 10.3.1.2\noptions timeout:1 attempts:1\n';

/** How long each question may take, and whether hosts are asked at once: an emulated processor has no time for that. */
export interface Patience {
  readonly timeout: string;
  readonly isParallel: boolean;
}

/** What the fault is found as by each host that is asked; then it is mended. What it leaves is found with the next one. */
export async function found(lab: Lab, fault: ProbeFault, patience: Patience): Promise<Causes> {
  const { on, breaks, mends = (host: LabHost) => island(host, 'join'), seen } = fault;
  await breaks(lab.host(on), lab);
  const causes = await causesFrom(lab, Object.keys(seen), patience);
  await mends(lab.host(on), lab);
  return causes;
}

type Causes = Readonly<Record<string, string>>;

/** `ISL-L01 faraday` by the host on which `island test` runs; empty where it finds nothing wrong. */
export async function causesFrom(
  lab: Lab,
  viewers: readonly string[],
  { timeout, isParallel }: Patience,
): Promise<Causes> {
  const ask = async (name: string) => [name, await causesOn(lab.host(name), timeout)] as const;
  if (isParallel) return Object.fromEntries(await Promise.all(viewers.map(ask)));
  const causes: (readonly [string, string])[] = [];
  for (const name of viewers) causes.push(await ask(name));
  return Object.fromEntries(causes);
}

async function causesOn(host: LabHost, timeout: string): Promise<string> {
  const { stdout, stderr } = await island(host, 'test', '--json', '--timeout', timeout);
  if (stdout === '') throw new Error(`${host.name}: ${stderr}`);
  const { causes } = JSON.parse(stdout) as {
    causes: readonly { readonly code: string; readonly subject: string }[];
  };
  return causes.map(({ code, subject }) => `${code} ${subject}`).join(', ');
}
