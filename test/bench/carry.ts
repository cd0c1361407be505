import { install, modelFile, mustIsland } from '../support/island.ts';
import type { LabHost } from '../support/lab/host.ts';
import { withLab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { medians } from './measure.ts';

/** What a link must carry of what the underlay carries between the same hosts. */
export const LEAST = 0.85;

/** Bits of TCP payload in a second. */
export interface Carried {
  readonly link: number;
  readonly underlay: number;
  readonly runs: number;
}

const HUB = { outer: '138.96.245.50', inner: '10.3.1.2' };

/** From the peer to the hub of the model network, at both of the hub's addresses in turns. */
export function carried(
  kind: 'ipip' | 'vxlan',
  { seconds, runs }: { readonly seconds: number; readonly runs: number },
): Promise<Carried> {
  return withLab(modelNetwork({ nodes: [], clusterHosts: 0, pdu: false }), async (lab) => {
    const [hub, peer] = [lab.host('sopnode-l1'), lab.host('faraday')];
    await install([hub, peer], modelFile(kind));
    await mustIsland(hub, 'join');
    await mustIsland(peer, 'join');
    const server = hub.start(['iperf3', '--server', '--forceflush']);
    await server.outputMatching(/listening/);
    const took = await medians(runs, {
      // What comes from faraday's outer address stays on the underlay, whatever the tables say.
      underlay: () => rate(peer, { to: HUB.outer, seconds, from: '138.96.16.97' }),
      link: () => rate(peer, { to: HUB.inner, seconds }),
    });
    return { ...took, runs };
  });
}

interface Stream {
  readonly to: string;
  readonly seconds: number;
  readonly from?: string;
}

async function rate(host: LabHost, { to, seconds, from }: Stream): Promise<number> {
  const source = from === undefined ? [] : ['--bind', from];
  const argv = ['iperf3', '--json', '--client', to, '--time', String(seconds), ...source];
  const report = JSON.parse(await host.run(argv, { timeoutMs: 60_000 }));
  const bits: unknown = report.end?.sum_received?.bits_per_second;
  if (typeof bits !== 'number') throw new Error(`iperf3 to ${to}: ${report.error ?? 'no result'}`);
  return bits;
}
