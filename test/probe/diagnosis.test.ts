import { describe, expect, test } from 'vitest';
import { loadIsland } from '../../src/config/load.ts';
import type { Counters } from '../../src/plan/observed.ts';
import type { Evidence } from '../../src/probe/check.ts';
import { diagnose } from '../../src/probe/diagnosis.ts';
import type { FarEnd } from '../../src/probe/far-end.ts';
import type { Answer, Question } from '../../src/probe/question.ts';
import { modelFile } from '../support/island.ts';

const ISLAND = loadIsland(modelFile('ipip'), 'r2lab.yaml');

interface Told {
  readonly sent?: number;
  readonly received?: number;
  readonly collisions?: number;
  /** What the guard dropped meanwhile, by reason. */
  readonly dropped?: Readonly<Record<string, number>>;
  readonly answers?: Partial<Record<Question['kind'], Answer>>;
}

function found(kind: 'ipip' | 'vxlan', told: Told, far: Partial<FarEnd> = {}) {
  const [end] = ISLAND.peers;
  if (end === undefined) throw new Error('no peer');
  const base = {
    kind: 'link',
    name: 'isl-x',
    alias: 'island:r2lab/faraday',
    group: 10_310,
    mtu: 1450,
    up: true,
  } as const;
  const local = ISLAND.hub.outer;
  const link = { ...base, encapsulation: 'vxlan', id: 1, port: 10_310, local, mac: '' } as const;
  return diagnose(
    { island: ISLAND, far: { end, kind, link, isOwn: true, outerFrom: local, isBehindNat: false, ...far } },
    evidenceOf(told),
  );
}

function evidenceOf({ sent = 5, received = 0, collisions = 0, dropped = {}, answers = {} }: Told): Evidence {
  const zero = {
    rxBytes: 0,
    rxPackets: 0,
    rxErrors: 0,
    txBytes: 0,
    txPackets: 0,
    txErrors: 0,
    collisions: 0,
  };
  const counts = (counters: Counters, drops: Readonly<Record<string, number>>) => ({
    links: new Map([['isl-x', counters]]),
    dropped: new Map(Object.entries(drops)),
  });
  return {
    answerTo: ({ kind }) => answers[kind] ?? { state: 'silent' },
    before: counts(zero, {}),
    after: counts({ ...zero, txPackets: sent, rxPackets: received, collisions }, dropped),
  };
}

const ALIVE: Answer = { state: 'refused', ms: 1 };

describe('a far end that', () => {
  test('answers in any way has nothing wrong with its link', () => {
    expect(
      found('ipip', { answers: { tcp: ALIVE }, collisions: 9, dropped: { stranger: 9 } }),
    ).toBeUndefined();
    expect(found('ipip', { answers: { ping: { state: 'answered', ms: 1 } } })).toBeUndefined();
  });

  test('is silent while packets enter the link again is routed into its own tunnel, whatever else is seen', () => {
    expect(found('ipip', { collisions: 3, dropped: { stranger: 9 } })?.code).toBe('ISL-L03');
  });

  test('is silent while the guard drops strangers has most likely another outer address', () => {
    expect(found('vxlan', { dropped: { stranger: 2 } })?.code).toBe('ISL-F04');
    expect(found('vxlan', { dropped: { 'not IPv4': 2 } })?.code).toBe('ISL-L02');
  });

  test('refuses the packets of the link has not joined', () => {
    expect(found('vxlan', { answers: { refusal: ALIVE } })?.code).toBe('ISL-L04');
    expect(found('ipip', { dropped: { 'ICMP error about a tunnel packet': 1 } })?.code).toBe('ISL-L04');
  });

  test('is silent behind a NAT has lost its ipip there, and vxlan somewhere', () => {
    expect(found('ipip', {}, { isBehindNat: true })?.code).toBe('ISL-U04');
    expect(found('vxlan', {}, { isBehindNat: true })?.code).toBe('ISL-L02');
  });

  test('takes UDP and no ipip is to get a vxlan link', () => {
    const diagnosis = found('ipip', { answers: { udp: ALIVE } });
    expect(diagnosis).toMatchObject({ code: 'ISL-U03', fix: expect.stringContaining('link: vxlan') });
  });

  test('is heard and does not answer loses what this host sends', () => {
    expect(found('ipip', { received: 3, answers: { udp: ALIVE } })).toMatchObject({
      ...{ code: 'ISL-L02', text: expect.stringContaining('what this host sends is lost') },
    });
  });

  test('shares its link with others cannot be judged by what that counts', () => {
    expect(found('vxlan', { received: 3 }, { isOwn: false })?.code).toBe('ISL-L04');
  });
});
