import { equal } from '../assert.ts';
import { AGENT_PORT, type Target } from '../lab/agent-protocol.ts';
import type { Lab } from '../lab/lab.ts';
import { POD } from './parties.ts';

/**
 * What must pass whatever the guard refuses, each with the source that the far end has to see: packets in
 * fragments, and flows that somebody else's DNAT sends on.
 */
export async function honestPasses(lab: Lab): Promise<void> {
  await loadForeignRules(lab);
  const senders = [...new Set(FLOWS.map(({ from }) => from))];
  await Promise.all(['container', 'sopnode-l1', ...senders].map((name) => lab.host(name).agent()));
  const seen = await Promise.all(
    senders.map(async (name) => {
      const flows = FLOWS.filter(({ from }) => from === name);
      const agent = await lab.host(name).agent();
      const targets = flows.map(({ to }) => to);
      const replies = await agent.ask({ op: 'probe', targets, deadlineMs: 20_000 });
      return flows.map(({ what }, index) => [what, replies[index]?.saw ?? replies[index]?.error]);
    }),
  );
  const wanted = senders.flatMap((name) => FLOWS.filter(({ from }) => from === name));
  equal(
    'honest flows and the source that the far end saw',
    seen.flat(),
    wanted.map(({ what, saw }) => [what, saw]),
  );
}

interface Flow {
  readonly what: string;
  readonly from: string;
  readonly to: Target;
  readonly saw: string;
}

const NODE_PORT = 30_080;
const NODE_PORT_BEYOND = 30_081;
const PUBLISHED_PORT = 8080;

const FLOWS: readonly Flow[] = [
  {
    ...{ what: 'a datagram of 4000 bytes and its answer, to a host behind the hub', from: 'fit01' },
    ...{ to: fragmented('138.96.245.51'), saw: '192.168.3.1' },
  },
  {
    ...{ what: 'the same to the hub', from: 'fit01', to: fragmented('138.96.245.50'), saw: '192.168.3.1' },
  },
  {
    ...{ what: 'the same from a host behind the hub', from: 'sopnode-w1' },
    ...{ to: fragmented('192.168.3.1'), saw: '138.96.245.51' },
  },
  {
    ...{ what: 'a NodePort of the hub, to a pod on another node', from: 'fit01' },
    ...{ to: tcp('138.96.245.50', NODE_PORT), saw: '138.96.245.50' },
  },
  {
    ...{ what: 'the same at the inner address', from: 'fit01' },
    ...{ to: tcp('10.3.1.2', NODE_PORT), saw: '138.96.245.50' },
  },
  {
    ...{ what: 'a NodePort of the hub, to a pod beyond the link', from: 'sopnode-w1' },
    ...{ to: tcp('138.96.245.50', NODE_PORT_BEYOND), saw: '10.3.1.2' },
  },
  {
    ...{ what: 'a NodePort of the hub, back through the link', from: 'fit01' },
    ...{ to: tcp('138.96.245.50', NODE_PORT_BEYOND), saw: '10.3.1.2' },
  },
  {
    ...{ what: 'a published port of a container on the hub', from: 'fit01' },
    ...{ to: tcp('138.96.245.50', PUBLISHED_PORT), saw: '192.168.3.1' },
  },
  {
    ...{ what: 'a container on the hub to a host beyond the link', from: 'container' },
    ...{ to: tcp('192.168.3.1', AGENT_PORT), saw: '10.3.1.2' },
  },
];

function fragmented(address: string): Target {
  return { address, port: AGENT_PORT, protocol: 'udp', bytes: 4000 };
}

function tcp(address: string, port: number): Target {
  return { address, port };
}

/** What kube-proxy and Docker load on a node, in as many rules as these flows need. */
async function loadForeignRules(lab: Lab): Promise<void> {
  await lab.host('sopnode-w1').ip([`address replace ${POD}/32 dev lo`]);
  await lab.host('sopnode-l1').ip(['route replace 10.244.1.0/24 via 138.96.245.51']);
  await lab.host('sopnode-l1').run(['nft', '-f', '-'], { input: FOREIGN_RULES });
}

const FOREIGN_RULES = `table ip kube-proxy
delete table ip kube-proxy
table ip kube-proxy {
  chain services {
    type nat hook prerouting priority dstnat;
    fib daddr type local tcp dport ${NODE_PORT} meta mark set 0x4000 dnat to ${POD}:${AGENT_PORT}
    fib daddr type local tcp dport ${NODE_PORT_BEYOND} meta mark set 0x4000 dnat to 192.168.3.1:${AGENT_PORT}
  }
  chain masquerading {
    type nat hook postrouting priority srcnat;
    meta mark 0x4000 masquerade
  }
}
table ip docker
delete table ip docker
table ip docker {
  chain published {
    type nat hook prerouting priority dstnat;
    iifname != "docker0" fib daddr type local tcp dport ${PUBLISHED_PORT} dnat to 172.17.0.2:${AGENT_PORT}
  }
  chain masquerading {
    type nat hook postrouting priority srcnat;
    ip saddr 172.17.0.0/16 oifname != "docker0" masquerade
  }
}
`;
