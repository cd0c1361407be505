import { diff } from '../../src/plan/diff.ts';
import { commandsOf, effectsOf } from '../../src/plan/effect.ts';
import { explain } from '../../src/plan/explain.ts';
import type { FdbEntry, Resource } from '../../src/plan/resource.ts';
import { HUB_MAC, hubResources, workerNumber, workerResources } from './plan-workers.ts';

/**
 * All that is shown of a hub and of a worker when the MAC is the worker's, and when it is the hub's: coming, going,
 * and in the place of another.
 */
export function withSecretMac(mac: string): string[] {
  const worker = { ...workerNumber(65, '10.244.1.0/24'), mac };
  const other = { ...worker, mac: `${mac.slice(0, -2)}${mac.endsWith('00') ? '01' : '00'}` };
  const entry = (of: string): FdbEntry => ({
    ...{ kind: 'fdb', link: 'isl-w', mac: of, outer: worker.inner, port: 4711 },
  });
  const scenes: readonly (readonly Resource[])[] = [
    [...hubResources([worker]), entry(mac)],
    [...hubResources([other]), entry(other.mac)],
    hubResources([], { mac }),
    workerResources({ worker, hubMac: HUB_MAC }),
    workerResources({ worker: other, hubMac: mac }),
    [],
  ];
  const steps = scenes.flatMap((before) => scenes.flatMap((after) => diff(before, after)));
  const commands = effectsOf(steps.filter(({ resource }) => resource.kind !== 'accept')).flatMap(commandsOf);
  return [...commands, ...steps.map(explain)];
}
