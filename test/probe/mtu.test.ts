import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadIsland } from '../../src/config/load.ts';
import type { Link } from '../../src/plan/resource.ts';
import { mtuChecks } from '../../src/probe/mtu-checks.ts';
import type { Answer, Question } from '../../src/probe/question.ts';
import { reportOf } from '../../src/probe/report.ts';
import { answersFor } from '../../src/probe/run.ts';
import { modelFile } from '../support/island.ts';

const ISLAND = loadIsland(modelFile('ipip'), 'r2lab.yaml');
const [FARADAY] = ISLAND.peers;

/** Asks a path that carries `most` bytes and no more; what the check says, and how often it asked. */
async function searched(mtu: number, most: number, heard?: number) {
  if (FARADAY === undefined) throw new Error('no peer');
  const link: Link = {
    ...{ kind: 'link', name: 'isl-fara', alias: 'island:r2lab/faraday', group: 10_310, mtu, up: true },
    ...{ encapsulation: 'ipip', local: ISLAND.hub.outer, remote: FARADAY.outer },
  };
  const far = {
    end: FARADAY,
    kind: 'ipip',
    link,
    isOwn: true,
    outerFrom: undefined,
    isBehindNat: false,
  } as const;
  const checks = mtuChecks({ island: ISLAND, after: [] }, far);
  const rounds: number[] = [];
  const passes = (question: Question): boolean => {
    if (question.kind === 'ping') return (question.bytes ?? 84) <= most;
    // What island echo hears, where it runs.
    return question.kind !== 'echo' || question.bytes <= (heard ?? 0);
  };
  const ask = (question: Question): Promise<Answer> => {
    if (question.kind === 'ping') rounds.push(question.bytes ?? 84);
    return Promise.resolve(passes(question) ? { state: 'answered', ms: 1 } : { state: 'silent' });
  };
  const inner = { kind: 'tcp', address: FARADAY.inner, port: ISLAND.port } as const;
  const alive = { ...checks[0], asks: () => [inner] } as (typeof checks)[number];
  const answerTo = await answersFor([alive, ...checks], { ask });
  const counts = { links: new Map(), dropped: new Map() };
  return { report: reportOf(checks, { answerTo, before: counts, after: counts }), asked: rounds.length };
}

test('a path that carries full-size packets is asked once', async () => {
  const { report, asked } = await searched(1480, 1480);
  expect(report).toMatchObject({ isOk: true, causes: [] });
  expect(asked).toBe(1);
});

test('of a smaller path the very size is found, and as mtu: it is the underlay that is named', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 576, max: 8979 }), async (most) => {
      const { report, asked } = await searched(8980, most);
      expect(report.causes[0]?.text).toContain(`; ${most} do`);
      expect(report.causes[0]?.fix).toMatch(new RegExp(`^mtu: ${most + 20} `));
      expect(asked).toBeLessThan(50);
    }),
  );
});

test.each([
  [undefined, 'there and back'],
  [1400, 'from here to faraday'],
  [1480, 'from faraday to here'],
])(
  'with island echo on the far side, which hears up to %s bytes, the direction is named',
  async (heard, direction) => {
    const { report } = await searched(1480, 1400, heard);
    expect(report.causes[0]?.text).toBe(
      `packets of 1480 bytes, the link's MTU, do not pass ${direction}; 1400 do`,
    );
  },
);
