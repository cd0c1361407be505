import { ISLAND } from '../island.ts';
import type { LabHost, LabProcess } from '../lab/host.ts';

/** The hub's responder on its own, without the daemon, which would mend what is broken. */
export async function answerNames(hub: LabHost): Promise<LabProcess> {
  const responder = hub.start([process.execPath, ISLAND, 'dns', 'serve']);
  await responder.outputMatching(/"msg":"ready"/, 60_000);
  return responder;
}
