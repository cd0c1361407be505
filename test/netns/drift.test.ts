import { afterAll, beforeAll, describe, expect, onTestFailed, test } from 'vitest';
import { DRIFTS, DRIFTED as NAMES } from '../support/drifts.ts';
import { faulty, installRecorder, recorded, removeFaults } from '../support/faults.ts';
import { island, joinAll, modelFile, mustIsland } from '../support/island.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { type State, stateOf } from '../support/state.ts';

let lab: Lab;
const good = new Map<string, State>();

beforeAll(async () => {
  lab = await createLab();
  await lab.raise(modelNetwork({ nodes: [1, 2], clusterHosts: 0, pdu: false }));
  await joinAll(NAMES.map(lab.host), modelFile('vxlan'));
  for (const name of NAMES) good.set(name, await stateOf(lab.host(name)));
});
afterAll(() => lab?.close());

describe.each(NAMES)('somebody changes what is ours on %s', (name) => {
  test.each(DRIFTS[name].map((drift) => [drift.what, drift] as const))(
    '%s: status names it, and join repairs it and nothing else',
    async (_, { typed, says, repair }) => {
      const host = lab.host(name);
      // Or all that come after it would fail as well.
      onTestFailed(async () => void (await mustIsland(host, 'join')));
      const link = (await host.run(['sh', '-c', 'ls /sys/class/net | grep isl- || :'])).trim();
      await host.run(['sh', '-c', typed], { env: { L: link } });

      const [status, plan] = await Promise.all([island(host, 'status'), mustIsland(host, 'plan', '--json')]);
      const { steps, commands } = JSON.parse(plan);
      expect(status.code).toBe(1);
      expect(status.stdout).toMatch(new RegExp(`drift: ${says.source.replaceAll('LINK', link)}`));
      expect(steps.map((step: Record<string, string>) => `${step['action']} ${step['kind']}`)).toEqual(
        repair,
      );

      await installRecorder(host);
      expect((await faulty(host, 'join')).code).toBe(0);
      expect(await recorded(host)).toEqual(commands.filter((line: string) => /^(?:ip|bridge) /.test(line)));
      await removeFaults(host);
      expect(await stateOf(host)).toEqual(good.get(name));
    },
  );
});
