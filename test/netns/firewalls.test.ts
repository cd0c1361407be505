import { describe, expect, test } from 'vitest';
import { codes, dumpAll, reachable } from '../support/checks.ts';
import { FIREWALLS, type TestFirewall } from '../support/firewalls.ts';
import { install, island, joinAll, modelFile, mustIsland } from '../support/island.ts';
import { type Lab, withLab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';

const NETWORK = modelNetwork({ nodes: [1, 2], clusterHosts: 1, pdu: false });
const MTU = { mtu: 1450 };

describe('with a firewall on the hub and on the gateway that drops what nobody named', () => {
  test.each(FIREWALLS)(
    '$name: the island passes, a reload is seen and repaired, and leave gives the rules back',
    (firewall) => withLab(NETWORK, (lab) => comesAndGoes(lab, firewall)),
  );
});

async function comesAndGoes(lab: Lab, firewall: TestFirewall): Promise<void> {
  const hosts = ['sopnode-l1', 'sopnode-w1', 'faraday', 'fit01', 'fit02'].map(lab.host);
  const ends = ['sopnode-l1', 'faraday'].map(lab.host);
  const rules = () => Promise.all(ends.map(firewall.dump));
  await Promise.all(ends.map(firewall.raise));
  const [before, rulesBefore] = [await dumpAll(hosts), await rules()];

  await install(ends, modelFile('vxlan'));
  for (const end of ends) {
    expect(await mustIsland(end, 'plan')).toMatch(
      /# note: somebody's firewall drops .*: rules at the top of/,
    );
  }
  await joinAll(hosts, modelFile('vxlan'));
  await reachable(hosts, MTU);
  expect(await codes(ends, 'status')).toEqual([0, 0]);
  for (const shown of await rules()) expect(shown).toMatch(firewall.shows);

  const joined = await rules();
  for (const end of ends) expect(await mustIsland(end, 'plan')).toContain('# nothing to do');
  await Promise.all(ends.map((end) => mustIsland(end, 'join')));
  expect(await rules(), 'a second join changes nothing').toEqual(joined);

  await Promise.all(ends.map(firewall.reload));
  const status = await Promise.all(ends.map((end) => island(end, 'status')));
  for (const { code, stdout } of status) {
    expect(code).toBe(firewall.forgets ? 1 : 0);
    if (firewall.forgets) expect(stdout).toMatch(/drift: accept of .* in .* is missing/);
  }
  await Promise.all(ends.map((end) => mustIsland(end, 'join')));
  expect((await rules()).map(sortedLines)).toEqual(joined.map(sortedLines));
  await reachable(hosts, MTU);

  await Promise.all(hosts.map((host) => host.run(['rm', '/etc/island/r2lab.yaml'])));
  await Promise.all(hosts.map((host) => mustIsland(host, 'leave')));
  expect(await rules()).toEqual(rulesBefore);
  expect(await dumpAll(hosts)).toEqual(before);
}

/** Rules of ours may come back in another order; nothing depends on it. */
function sortedLines(text: string): string[] {
  return text.split('\n').toSorted();
}
