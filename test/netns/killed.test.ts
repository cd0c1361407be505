import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fault, faulty, installFault, removeFaults } from '../support/faults.ts';
import { install, island, modelFile, mustIsland } from '../support/island.ts';
import { type Dump, dump } from '../support/lab/dump.ts';
import type { LabHost } from '../support/lab/host.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { type State, stateOf } from '../support/state.ts';

const NAMES = ['sopnode-l1', 'faraday', 'fit02'] as const;

let lab: Lab;

beforeAll(async () => {
  lab = await createLab();
  await lab.raise(modelNetwork({ nodes: [2], clusterHosts: 0, pdu: false }));
  await install(NAMES.map(lab.host), modelFile('vxlan'));
});
afterAll(() => lab?.close());

/** As many as either verb has on any of the hosts, and a few more: then nobody is killed, and all must hold as well. */
const MOST_STARTS = 12;
const MOST_LINES = 14;

const act = fc.constant('kill island' as const);
const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ start: fc.nat(MOST_STARTS), when: fc.constantFrom('before' as const, 'after' as const), act }),
  fc.record({ tool: fc.constant('ip' as const), lines: fc.nat(MOST_LINES), act }),
);
const verb = fc.constantFrom('join' as const, 'leave' as const);
const story = fc.record({ killed: verb, fault, next: verb });
type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

/** Told every time, before those of chance: in the middle of a join and of a leave. */
const TOLD: readonly Story[] = [
  { killed: 'join', fault: { tool: 'ip', lines: 1, act: 'kill island' }, next: 'leave' },
  { killed: 'leave', fault: { tool: 'ip', lines: 2, act: 'kill island' }, next: 'join' },
];

interface Ends {
  readonly bare: State;
  readonly joined: State;
}

/** The two states that a host can be in with nobody killed; it is left bare. */
async function endsOf(host: LabHost): Promise<Ends> {
  const bare = await stateOf(host);
  await mustIsland(host, 'join');
  const joined = await stateOf(host);
  await mustIsland(host, 'leave');
  expect(await stateOf(host)).toEqual(bare);
  return { bare, joined };
}

async function live(host: LabHost, { killed, fault: where, next }: Story, ends: Ends): Promise<void> {
  if (killed === 'leave') await mustIsland(host, 'join');
  await installFault(host, where);
  await faulty(host, killed);
  await removeFaults(host);

  const { code, stderr } = await island(host, 'status');
  expect({ code, stderr }, 'status tells the truth').toEqual({
    code: isEqual(await dump(host), ends.joined) ? 0 : 1,
    stderr: '',
  });
  await mustIsland(host, next);
  expect(await stateOf(host)).toEqual(next === 'join' ? ends.joined : ends.bare);
  if (next === 'join') await mustIsland(host, 'leave');
  expect(await stateOf(host)).toEqual(ends.bare);
}

/** As toEqual, of what is in the kernel. */
function isEqual(kernel: Dump, { files: _, ...other }: State): boolean {
  return JSON.stringify(kernel) === JSON.stringify(other);
}

describe('killed with kill -9 wherever fast-check says', () => {
  test.concurrent.each(NAMES)(
    'on %s, status tells the truth, and join finishes what leave takes back',
    async (name) => {
      const host = lab.host(name);
      const ends = await endsOf(host);
      // What fails is printed with its seed and path, with which fc.assert does it again.
      await fc.assert(
        fc.asyncProperty(story, (each) => live(host, each, ends)),
        { numRuns: 8, examples: TOLD.map((each) => [each]), endOnFailure: true },
      );
    },
  );
});
