import { mustIsland } from '../island.ts';
import type { Lab } from '../lab/lab.ts';
import { forgeErrors } from './errors.ts';
import { honestPasses } from './honest.ts';
import { allLife } from './life.ts';
import { joining, joinModel, setSourceChecks } from './model.ts';
import { AT_GATEWAY, AT_HUB } from './parties.ts';
import { formatBreaches, formatInjections, type Outcome } from './report.ts';
import { type Effort, layOut } from './siege.ts';
import type { Scene } from './tunnel.ts';

/**
 * Attacks the hub of INJECTION_NETWORK and the gateway at the other end in every state of their lives. Returns
 * the table of what got in; throws with it when something did that has to be refused, and when an honest flow
 * did not pass.
 */
export async function injection(lab: Lab, kind: Scene['kind'], effort: Effort): Promise<string> {
  await joinModel(lab, kind);
  await honestPasses(lab);
  const victims = [AT_HUB, AT_GATEWAY].map(({ victim }) => lab.host(victim.host));
  // Nothing of what is refused may be left to sysctls that a host may have otherwise.
  await Promise.all(victims.map((host) => setSourceChecks(host, false)));
  const outcomes: Outcome[] = [];
  const scenes: Scene[] = [];
  for (const parties of [AT_HUB, AT_GATEWAY]) {
    const siege = await layOut(lab, { kind, effort, parties });
    scenes.push(siege.scene);
    outcomes.push({ role: parties.role, attacks: siege.attacks, tallies: await allLife(siege) });
  }
  await Promise.all(victims.map((host) => setSourceChecks(host, true)));
  if (kind === 'ipip') await Promise.all(scenes.map((scene) => forgeErrors(lab, scene)));
  await honestPasses(lab);
  await Promise.all(joining(lab).map((host) => mustIsland(host, 'leave')));

  const table = formatInjections(`with ${kind}`, outcomes);
  const breaches = outcomes.flatMap(formatBreaches);
  if (breaches.length > 0) throw new Error(`${breaches.join('\n')}\n\n${table}`);
  return table;
}
