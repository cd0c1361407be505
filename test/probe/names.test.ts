import { describe, expect, test } from 'vitest';
import { test as testIsland } from '../../src/app/test.ts';
import { withBlock, writtenFor } from '../../src/model/hosts-file.ts';
import type { Observed } from '../../src/plan/observed.ts';
import type { Check } from '../../src/probe/check.ts';
import type { Sight } from '../../src/probe/checks.ts';
import { configuredCheck } from '../../src/probe/configured-check.ts';
import { nameChecks } from '../../src/probe/name-checks.ts';
import { type Answer, type Question, questionKey } from '../../src/probe/question.ts';
import { reportOf } from '../../src/probe/report.ts';
import { answersFor } from '../../src/probe/run.ts';
import { hostOf } from '../support/fake-site.ts';
import { modelFile } from '../support/island.ts';
import { link, observed, sight } from '../support/observed.ts';

const GATEWAY = observed([
  link('internet', ['138.96.16.97/28']),
  link('control', ['192.168.3.100/24']),
  link('data', ['192.168.2.100/24']),
]);
const HUB = observed([link('eth0', ['138.96.245.50/24'])]);
/** systemd-resolved runs there. */
const RESOLVED = { ...GATEWAY, resolved: [] };
const COUNTS = { links: new Map(), dropped: new Map() };
const REFUSED: Answer = { state: 'refused', ms: 0 };
const UNKNOWN: Answer = { state: 'unasked', reason: 'nobody knows it' };

const found = (...values: readonly string[]): Answer => ({ state: 'answered', ms: 1, values });
const served = (rcode: string, isAuthoritative: boolean, ...values: readonly string[]): Answer => ({
  ...{ state: 'answered', ms: 1, values, dns: { rcode, isAuthoritative } },
});

/** As on a healthy island; by what `questionKey` says. */
const HEALTHY: Readonly<Record<string, Answer>> = {
  'dns sopnode-l1-tunnel.r2lab.internal of 10.3.1.2': served('NOERROR', true, '10.3.1.2'),
  'lookup sopnode-l1.r2lab.internal': found('138.96.245.50'),
  'lookup sopnode-l1-tunnel.r2lab.internal': found('10.3.1.2'),
  'name of 10.3.1.2': found('sopnode-l1-tunnel.r2lab.internal'),
  'name of 10.3.1.3': found('faraday-tunnel.r2lab.internal'),
};
/** It, and everybody on it, is reached. */
const REACHED: Readonly<Record<string, Answer>> = {
  'tcp 10.3.1.2:10310': REFUSED,
  'tcp 192.168.3.100:10310': REFUSED,
};
const [N01, FULL, TUNNEL, NAME] = Object.keys(HEALTHY) as [string, string, string, string];
const NOBODY = { [N01]: REFUSED, [FULL]: UNKNOWN, [TUNNEL]: UNKNOWN, [NAME]: UNKNOWN };

interface Host {
  readonly on?: string;
  readonly host?: Observed;
  readonly file?: string;
  readonly more?: (sight: Sight) => readonly Check[];
}

/** What the checks of names come to, and what they asked, in order. */
async function seen(
  answers: Readonly<Record<string, Answer>>,
  { on = 'faraday', host = RESOLVED, file = modelFile('vxlan'), more = () => [] }: Host = {},
) {
  const { island, place, resources: desired } = sight(file, on, host);
  const here = { island, place, desired, observed: host } as unknown as Sight;
  const checks = [...nameChecks(here, { island, after: [] }), ...more(here)];
  const asked: string[] = [];
  const all: Readonly<Record<string, Answer>> = { ...HEALTHY, ...REACHED, ...answers };
  const ask = (question: Question) => {
    if (!(questionKey(question) in REACHED)) asked.push(questionKey(question));
    return Promise.resolve(all[questionKey(question)] ?? ({ state: 'silent' } as const));
  };
  const answerTo = await answersFor(checks, { ask });
  const { isOk, causes, results } = reportOf(checks, { answerTo, before: COUNTS, after: COUNTS });
  return {
    ...{ isOk, asked, states: results.map(({ outcome }) => outcome.state) },
    causes: causes.map(({ check: { code, required }, text, fix }) => ({ code, required, text, fix })),
  };
}

describe('names', () => {
  test('that are answered and found are well, on the hub as on others', async () => {
    expect(await seen({})).toMatchObject({ isOk: true, causes: [], states: ['ok', 'ok', 'ok'] });
    const hub = await seen({}, { on: 'sopnode-l1', host: { ...HUB, resolved: [] } });
    expect(hub).toMatchObject({ isOk: true, states: ['ok', 'ok', 'ok'] });
    // Its own name and address it knows by itself.
    expect(hub.asked).toEqual([N01, TUNNEL, 'name of 10.3.1.3']);
  });

  test('are no fault of an island without a daemon, and nobody is kept waiting for them', async () => {
    const { isOk, causes, states, asked } = await seen(NOBODY, { host: GATEWAY });
    expect({ isOk, causes, states }).toEqual({ isOk: true, causes: [], states: Array(3).fill('unknown') });
    expect(asked).toEqual([N01]);
  });

  test.each([
    [
      'who nobody answers',
      REFUSED,
      /^nobody answers .* at 10\.3\.1\.2/,
      'on sopnode-l1: island enable --persistent --now',
    ],
    [
      'where something drops',
      { state: 'silent' },
      /^port 53 of 10\.3\.1\.2 is silent/,
      /^on sopnode-l1: nft list/,
    ],
    [
      'of whom another server answers',
      served('REFUSED', false),
      /^answers REFUSED .* another name server/,
      /ss -lunp/,
    ],
    ['of a cache', served('NOERROR', false, '10.3.1.2'), /^answers without authority/, /ss -lunp/],
    [
      'with another file',
      served('NOERROR', true, '10.3.1.9'),
      /is 10\.3\.1\.9, and here it is 10\.3\.1\.2/,
      /same file/,
    ],
  ] as const)('that systemd-resolved asks a hub for, %s', async (_, answer, text, fix) => {
    const { isOk, causes } = await seen({ ...NOBODY, [N01]: answer as Answer });
    expect(isOk).toBe(false);
    expect(causes).toEqual([
      ...[{ code: 'ISL-N01', required: true }].map((about) => ({
        ...{ ...about, text: expect.stringMatching(text), fix: expect.stringMatching(fix) },
      })),
    ]);
  });

  test('are not asked of a hub that is not reached', async () => {
    const silent = { ...NOBODY, 'tcp 10.3.1.2:10310': { state: 'silent' } as const };
    expect(await seen(silent, { host: GATEWAY })).toMatchObject({
      ...{ asked: ['ping 10.3.1.2 from any with few bytes'], states: Array(3).fill('unknown') },
    });
  });

  test('that the file promises by its records are missed, and not required', async () => {
    const file = `dns: { records: [{ name: www, type: CNAME, value: fit01 }] }\n${modelFile('vxlan')}`;
    expect(await seen(NOBODY, { host: GATEWAY, file })).toMatchObject({
      ...{ isOk: true, causes: [{ code: 'ISL-N01', required: false }] },
    });
  });

  test('of which a gateway does not tell its LAN are its own matter', async () => {
    const file = `dns: { listen: [192.168.3.100] }\n${modelFile('vxlan')}`;
    const question = 'dns sopnode-l1-tunnel.r2lab.internal of 192.168.3.100';
    const hub = { on: 'sopnode-l1', host: { ...HUB, resolved: [] }, file };
    expect(await seen({ [question]: REFUSED }, hub)).toMatchObject({
      isOk: true,
      causes: [{ code: 'ISL-N01', required: false, fix: 'on faraday: island enable --persistent --now' }],
    });
    expect(await seen({ [question]: served('NOERROR', true, '10.3.1.2') }, hub)).toMatchObject({
      causes: [],
    });
  });

  test('whose port another server has are missed with its name, where it runs', async () => {
    const holder = { who: 'dnsmasq (pid 7) listens on all addresses', hint: 'systemctl stop dnsmasq' };
    const answers: Readonly<Record<string, Answer>> = {
      [N01]: served('NXDOMAIN', false),
      'holder of 10.3.1.2': { state: 'answered', ms: 0, holder },
    };
    const hub = await seen(answers, { on: 'sopnode-l1', host: { ...HUB, resolved: [] } });
    expect(hub.causes).toMatchObject([
      { text: expect.stringMatching(/NXDOMAIN .*: dnsmasq/), fix: holder.hint },
    ]);
    expect((await seen(answers)).asked).not.toContain('holder of 10.3.1.2');
  });

  test('that the hub answers and programs do not find are a matter of this host', async () => {
    const { causes } = await seen({ ...NOBODY, [N01]: HEALTHY[N01] as Answer });
    expect(causes).toMatchObject([
      { code: 'ISL-N02', required: true, text: expect.stringContaining('do not ask systemd-resolved') },
    ]);
    expect(await seen({ ...NOBODY, [N01]: HEALTHY[N01] as Answer }, { host: GATEWAY })).toMatchObject({
      ...{ isOk: true, states: ['ok', 'unknown', 'unknown'] },
    });
  });

  test('that are others when programs ask are found, and an address that has no name', async () => {
    expect((await seen({ [FULL]: found('10.9.9.9') })).causes).toMatchObject([
      { code: 'ISL-N02', text: expect.stringContaining('at 10.9.9.9, and it is 138.96.245.50') },
    ]);
    expect((await seen({ [NAME]: UNKNOWN })).causes).toMatchObject([
      { code: 'ISL-N03', text: 'programs of this host find no name of 10.3.1.2: nobody knows it' },
    ]);
    expect((await seen({ [NAME]: found('else.example.org') })).causes).toMatchObject([
      { code: 'ISL-N03', text: expect.stringContaining('10.3.1.2 is else.example.org') },
    ]);
  });

  test('that a line of /etc/hosts gives another address are found without asking', async () => {
    const hostsFile = { text: '127.0.0.1 localhost\n10.9.9.9 printer fit02 FIT01.r2lab.internal\n' };
    expect((await seen({}, { host: { ...GATEWAY, hostsFile } })).causes).toEqual([
      {
        ...{ code: 'ISL-N02', required: false, fix: 'take FIT01.r2lab.internal out of line 2 of /etc/hosts' },
        text: '/etc/hosts:2: FIT01.r2lab.internal is 10.9.9.9 there, and 192.168.3.1 in the island',
      },
    ]);
    const text = withBlock('', writtenFor('r2lab'), ['10.9.9.9  fit02.r2lab.internal fit02']);
    expect((await seen({}, { host: { ...GATEWAY, hostsFile: { text } } })).causes).toMatchObject([
      { code: 'ISL-N02', required: true, fix: 'island hosts --write' },
    ]);
  });
});

test('names are asked for where all is, or a check of them, and not where one host is to be reached', async () => {
  const host = hostOf('faraday', `checks: [{ name: own, dns: fit01 }]\n${modelFile('vxlan')}`);
  const codesOf = async (...targets: readonly string[]) => {
    const { report } = await testIsland(host, { targets, requiredOnly: false, timeoutMs: 1 });
    return report.results.map(({ check }) => check.code);
  };
  const [all, hub, own] = [await codesOf(), await codesOf('sopnode-l1'), await codesOf('own')];
  expect([all, own].map((codes) => codes.filter((code) => code.startsWith('ISL-N')))).toEqual([
    ['ISL-N01', 'ISL-N02', 'ISL-N03'],
    ['ISL-N01', 'ISL-N02'],
  ]);
  expect(hub).toContain('ISL-L04');
  expect(hub).not.toContain('ISL-N01');
});

describe('a check of the file', () => {
  const checked = (kind: 'dns' | 'tcp' | 'ping', target: string) => (here: Sight) => [
    configuredCheck({ island: here.island, after: [] }, { kind, name: 'own', target, required: true }),
  ];
  const records = `dns: { records: [{ name: www, type: CNAME, value: fit01 }, { name: out, type: CNAME, value: x.example.org. }] }\n`;
  const file = `${records}${modelFile('vxlan')}`;

  test('of a name fails where another address is found', async () => {
    const more = checked('dns', 'www');
    expect(
      (await seen({ 'lookup www.r2lab.internal': found('192.168.3.1') }, { file, more })).causes,
    ).toEqual([]);
    expect(
      (await seen({ 'lookup www.r2lab.internal': found('10.9.9.9') }, { file, more })).causes,
    ).toMatchObject([{ code: 'ISL-C03', text: 'www is 10.9.9.9 here, and 192.168.3.1 in the file' }]);
    expect((await seen({ ...NOBODY }, { file, more })).causes).toMatchObject([{ code: 'ISL-N01' }]);
  });

  test('of an alias goes to the host that it stands for, by the file or by who knows', async () => {
    const inside = await seen({ 'tcp 192.168.3.1:80': found() }, { file, more: checked('tcp', 'www:80') });
    expect(inside).toMatchObject({ isOk: true, causes: [] });
    expect(inside.asked).toContain('tcp 192.168.3.1:80');
    const answers = { 'lookup out.r2lab.internal': found('203.0.113.7') };
    const outside = await seen(answers, { file, more: checked('ping', 'out') });
    expect(outside.asked).toContain('ping 203.0.113.7 from any with few bytes');
    expect(outside.causes).toMatchObject([{ code: 'ISL-C01', text: 'out does not answer' }]);
    const unfound = await seen(
      { 'lookup out.r2lab.internal': UNKNOWN },
      { file, more: checked('ping', 'out') },
    );
    expect(unfound).toMatchObject({ isOk: true, states: ['ok', 'ok', 'ok', 'unknown'] });
  });
});
