import { hostIn, type LabHost } from './host.ts';
import { type Machine, openMachine } from './machine.ts';
import { type Namespace, openNamespace, runIn } from './namespace.ts';
import { formatHostBatch, formatSwitchBatch, type Network, portsOf, sysctlsOf } from './network.ts';

/**
 * Hosts on this machine that only exist while this process does: each is a set of namespaces without a name,
 * all wires end in one switch, which is one more. Needs root and a kernel with veth and bridge.
 */
export interface Lab {
  /** Builds the network beside what the lab has so far, and returns when every host is configured. */
  raise(network: Network): Promise<void>;
  /** A host by name; throws when there is none. */
  host(name: string): LabHost;
  /** In the order in which they were raised. */
  hosts(): LabHost[];
  /** Takes a host down with all its links, as pulling its plug would. */
  remove(name: string): Promise<void>;
  /** Boots a host with a disk again, after an orderly shutdown or, as `cut`, after none. */
  reboot(name: string, how?: 'orderly' | 'cut'): Promise<void>;
  /** Ends everything. May be called more than once. */
  close(): Promise<void>;
}

/** An empty lab. */
export async function createLab(): Promise<Lab> {
  const fabric = await openNamespace('switch', { sysctls: SWITCH_SYSCTLS, ownFiles: false });
  const inhabitants = new Map<string, Inhabitant>();
  const segments = new Set<string>();
  let ports = 0;

  function host(name: string): LabHost {
    const found = inhabitants.get(name);
    if (found === undefined) throw new Error(`${name}: no such host in the lab`);
    return found.host;
  }

  async function raise(network: Network): Promise<void> {
    const raised = await openAll(network);
    for (const inhabitant of raised) inhabitants.set(inhabitant.host.name, inhabitant);
    const plugged = portsOf(network, ports);
    ports += plugged.length;
    const wiring = formatSwitchBatch(plugged, segments, (name) => host(name).pid);
    await succeed(fabric.pid, IP_BATCH, textOf(wiring));
    for (const { segment } of plugged) segments.add(segment);
    await Promise.all(raised.map((inhabitant) => configure(inhabitant.host)));
    await Promise.all(raised.map(({ machine }) => machine?.boot()));
  }

  async function remove(name: string): Promise<void> {
    const inhabitant = inhabitants.get(name);
    inhabitants.delete(name);
    await inhabitant?.namespace.close();
  }

  return {
    host,
    hosts: () => [...inhabitants.values()].map((inhabitant) => inhabitant.host),
    raise,
    remove,
    async reboot(name, how = 'orderly') {
      const { plan } = host(name);
      if (how === 'orderly') {
        // It ends under the hands of who asks, so what that says is of no use.
        await host(name).exec(['systemctl', 'reboot', '--no-block']);
        await inhabitants.get(name)?.machine?.ended;
      }
      await remove(name);
      await raise({ hosts: { [name]: plan } });
    },
    async close() {
      const namespaces = [...inhabitants.values()].map((inhabitant) => inhabitant.namespace);
      inhabitants.clear();
      await Promise.all([...namespaces, fabric].map((namespace) => namespace.close()));
    },
  };
}

/** Creates a lab with the network in it, hands it over, and closes it whatever happens. */
export async function withLab<T>(network: Network, use: (lab: Lab) => Promise<T>): Promise<T> {
  const lab = await createLab();
  try {
    await lab.raise(network);
    return await use(lab);
  } finally {
    await lab.close();
  }
}

interface Inhabitant {
  readonly host: LabHost;
  readonly namespace: Namespace;
  readonly machine?: Machine;
}

/** All or, when one fails, none. */
async function openAll(network: Network): Promise<Inhabitant[]> {
  const opened = await Promise.allSettled(
    Object.entries(network.hosts).map(async ([name, plan]) => {
      if (plan.disk !== undefined) {
        const machine = await openMachine(name, { disk: plan.disk, sysctls: sysctlsOf(plan) });
        return { machine, namespace: machine, host: hostIn(machine, plan) };
      }
      const namespace = await openNamespace(name, { sysctls: sysctlsOf(plan), ownFiles: true });
      return { namespace, host: hostIn(namespace, plan) };
    }),
  );
  const ready = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const failed = opened.find((each) => each.status === 'rejected');
  if (failed === undefined) return ready;
  await Promise.all(ready.map(({ namespace }) => namespace.close()));
  throw failed.reason;
}

const SWITCH_SYSCTLS = { 'net/ipv6/conf/all/disable_ipv6': 1, 'net/ipv6/conf/default/disable_ipv6': 1 };

const IP_BATCH = ['ip', '-batch', '-'];

async function configure(host: LabHost): Promise<void> {
  await succeed(host.pid, IP_BATCH, textOf(formatHostBatch(host.plan)));
  if (host.plan.nft !== undefined) await succeed(host.pid, ['nft', '-f', '-'], host.plan.nft);
}

async function succeed(pid: number, argv: readonly string[], input: string): Promise<void> {
  const { code, stderr } = await runIn(pid, argv, { input, onlyNetwork: true });
  if (code !== 0) throw new Error(`${argv.join(' ')}: ${stderr}\n${input}`);
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
