import { performance } from 'node:perf_hooks';
import { ISLAND, install } from '../support/island.ts';
import type { LabHost } from '../support/lab/host.ts';
import { NAME, starFile, withHub } from './islands.ts';
import { medians } from './measure.ts';
import { formatMs, type Row } from './report.ts';

const RUNS = 5;
const SERVICES = 10_000;
const RULESET = ['nft', '-j', '-t', 'list', 'ruleset'];
/** What island asks (src/host/firewall.ts), one after the other. */
const LOOK = ['sh', '-c', 'nft -j list chains; nft -j -p -t list table ip filter'];

/** What looking at the firewalls of others takes on a host with as many services as Kubernetes is made for. */
export function measureFirewalls(): Promise<readonly Row[]> {
  return withHub(async (hub) => {
    await install([hub], starFile(1), NAME);
    const plan = [process.execPath, ISLAND, 'plan'];
    const bare = await medians(RUNS, { plan: () => timeOf(hub, plan) });
    await hub.run(['nft', '-f', '-'], { input: kubeProxyRules(SERVICES), timeoutMs: 120_000 });
    const full = await medians(RUNS, {
      ruleset: () => timeOf(hub, RULESET),
      look: () => timeOf(hub, LOOK),
      plan: () => timeOf(hub, plan),
    });
    const of = `${SERVICES} services of kube-proxy`;
    return [
      {
        ...{ measure: `looking at firewalls beside ${of}`, value: formatMs(full.look), runs: RUNS },
        peer: `${formatMs(full.ruleset)}: ${RULESET.join(' ')}`,
      },
      {
        ...{ measure: `island plan beside ${of}`, value: formatMs(full.plan), runs: RUNS },
        peer: `${formatMs(bare.plan)} without them`,
      },
    ];
  });
}

/** In the form of kube-proxy: per service a rule and two chains that translate; few rules that filter. */
function kubeProxyRules(services: number): string {
  const numbers = Array.from({ length: services }, (_, index) => index);
  const address = (net: string, n: number) => `${net}.${n >> 8}.${n & 255}`;
  return `table ip nat {
${numbers.map((n) => ` chain SEP-${n} { ip protocol tcp dnat to ${address('10.244', n)}:80; }\n chain SVC-${n} { jump SEP-${n}; }`).join('\n')}
 chain SERVICES {
${numbers.map((n) => `  ip daddr ${address('10.96', n)} tcp dport 80 counter jump SVC-${n} comment "ns/svc-${n} cluster IP"`).join('\n')}
 }
 chain PREROUTING { type nat hook prerouting priority dstnat; jump SERVICES; }
}
table ip filter {
 chain KUBE-FORWARD { ct state invalid drop; meta mark & 0x4000 == 0x4000 accept; }
 chain FORWARD { type filter hook forward priority filter; policy accept; jump KUBE-FORWARD; }
}
`;
}

async function timeOf(hub: LabHost, argv: readonly string[]): Promise<number> {
  const started = performance.now();
  await hub.run(argv, { timeoutMs: 120_000 });
  return performance.now() - started;
}
