import { mustIsland } from '../island.ts';
import type { Lab } from '../lab/lab.ts';
import { honestPasses } from './honest.ts';
import { joining, joinModel, setSourceChecks } from './model.ts';
import { AT_GATEWAY, AT_HUB } from './parties.ts';
import { formatBreaches, formatInjections } from './report.ts';
import { allLife, type Effort, inPeace, layOut } from './siege.ts';
import type { Scene } from './tunnel.ts';

/**
 * Attacks the hub of INJECTION_NETWORK in every state of its life and the gateway at the other end while it is
 * joined. Returns the tables of what got in; throws with them when something did that has to be refused, and
 * when an honest flow did not pass.
 */
export async function injection(lab: Lab, kind: Scene['kind'], effort: Effort): Promise<string> {
  await joinModel(lab, kind);
  await honestPasses(lab);
  const victims = [AT_HUB, AT_GATEWAY].map(({ victim }) => lab.host(victim.host));
  // Nothing of what is refused may be left to sysctls that a host may have otherwise.
  await Promise.all(victims.map((host) => setSourceChecks(host, false)));
  const hub = await layOut(lab, { kind, effort, parties: AT_HUB });
  const ofHub = await allLife(hub);
  const gateway = await layOut(lab, { kind, effort, parties: AT_GATEWAY });
  const ofGateway = [await inPeace(gateway)];
  await Promise.all(victims.map((host) => setSourceChecks(host, true)));
  await honestPasses(lab);
  await Promise.all(joining(lab).map((host) => mustIsland(host, 'leave')));

  const tables = [
    formatInjections(`to a hub with ${kind} links`, hub.attacks, ofHub),
    formatInjections(`to a gateway with an ${kind} link`, gateway.attacks, ofGateway),
  ].join('\n');
  const breaches = [...formatBreaches(hub.attacks, ofHub), ...formatBreaches(gateway.attacks, ofGateway)];
  if (breaches.length > 0) throw new Error(`${breaches.join('\n')}\n\n${tables}`);
  return tables;
}
