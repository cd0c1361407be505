import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mustIsland } from '../support/island.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { causesFrom, found, joinProbed } from '../support/probe/ask.ts';
import { PROBED_HOSTS } from '../support/probe/fault.ts';
import { HOST_FAULTS } from '../support/probe/host-faults.ts';
import { NAME_FAULTS } from '../support/probe/name-faults.ts';
import { WAY_FAULTS } from '../support/probe/way-faults.ts';

const PATIENCE = { timeout: '500ms', isParallel: true };

describe('island test, in a healthy network with vxlan links and with one fault at a time', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await createLab();
    await lab.raise(modelNetwork({ nodes: [1, 2], clusterHosts: 1 }));
    await joinProbed(lab, 'vxlan');
  });
  afterAll(() => lab.close());

  test('finds nothing wrong on any host', async () => {
    expect(await causesFrom(lab, PROBED_HOSTS.vxlan, PATIENCE)).toEqual(nothingOn(PROBED_HOSTS.vxlan));
  });

  test.each(['sopnode-l1', 'fit02'])(
    'finds on %s that the hub answers for names, and who asks finds them',
    async (name) => {
      const { checks } = JSON.parse(await mustIsland(lab.host(name), 'test', '--json')) as Tested;
      const names = checks
        .filter(({ layer }) => layer === 'names')
        .map(({ code, state }) => `${code} ${state}`);
      expect(names).toEqual(['ISL-N01 ok', 'ISL-N02 ok', 'ISL-N03 ok']);
    },
  );

  test.each([...HOST_FAULTS, ...WAY_FAULTS, ...NAME_FAULTS].map((fault) => [fault.name, fault] as const))(
    'finds that %s, and nothing else',
    async (_, fault) => expect(await found(lab, fault, PATIENCE)).toEqual(fault.seen),
  );

  test('finds nothing wrong on any host once all is mended', async () => {
    expect(await causesFrom(lab, PROBED_HOSTS.vxlan, PATIENCE)).toEqual(nothingOn(PROBED_HOSTS.vxlan));
  });
});

interface Tested {
  readonly checks: readonly { readonly layer: string; readonly code: string; readonly state: string }[];
}

function nothingOn(names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, '']));
}
