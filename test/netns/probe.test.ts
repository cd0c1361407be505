import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { causesFrom, found, joinProbed } from '../support/probe/ask.ts';
import { PROBED_HOSTS } from '../support/probe/fault.ts';
import { HOST_FAULTS } from '../support/probe/host-faults.ts';
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

  test.each([...HOST_FAULTS, ...WAY_FAULTS].map((fault) => [fault.name, fault] as const))(
    'finds that %s, and nothing else',
    async (_, fault) => expect(await found(lab, fault, PATIENCE)).toEqual(fault.seen),
  );

  test('finds nothing wrong on any host once all is mended', async () => {
    expect(await causesFrom(lab, PROBED_HOSTS.vxlan, PATIENCE)).toEqual(nothingOn(PROBED_HOSTS.vxlan));
  });
});

function nothingOn(names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, '']));
}
