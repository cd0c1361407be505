import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readKept, readPending } from '../../src/app/pending.ts';
import { readJoined, readSysctls } from '../../src/app/record.ts';
import { IslandError } from '../../src/errors.ts';
import { parseFilterTables, parseFirewall } from '../../src/host/firewall-json.ts';
import type { Host, Store } from '../../src/host/host.ts';
import { parseFdb, parseIp } from '../../src/host/iproute.ts';
import { hasChains, parseTable } from '../../src/host/nft.ts';
import { ownAccepts } from '../../src/plan/accept.ts';
import { type Firewall, fateOf } from '../../src/plan/firewall.ts';
import { ownedOf } from '../../src/plan/owned.ts';
import { frozenHost } from '../support/captured.ts';
import { GOLDENS } from '../support/goldens.ts';

const storeOf = (text: string): Store => ({
  read: () => Promise.resolve(text),
  readNow: () => undefined,
  stamp: () => undefined,
  write: () => Promise.resolve(),
  remove: () => Promise.resolve(),
});

/** What is read must also be fit for use. */
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  'what ip printed': (text) =>
    used({ ...parseIp(text), fdb: [], nft: 'absent', firewalls: [], forwarding: new Map(), claims: [] }),
  'what bridge printed': parseFdb,
  'what nft printed': (text) => parseTable('island-r2lab', text),
  'what nft printed of all chains': parseFilterTables,
  "what nft printed of somebody's table": (text) =>
    judged(parseFirewall({ family: 'ip', table: 'filter' }, text)),
  'the chains that nft printed': (text) => hasChains('island-r2lab', text),
  'joined.json': (text) => readJoined(storeOf(text)),
  'sysctls.json': (text) => readSysctls(storeOf(text)),
  'before.json': (text) => readKept(storeOf(text)),
  'confirm.json': (text) => readPending({ ...hostOf(), store: () => storeOf(text) }, 'r2lab'),
};

function judged(firewall: Firewall): unknown {
  const { chains } = firewall;
  return [
    ownAccepts([firewall], 'r2lab'),
    chains.map((chain) => fateOf({ iifname: 'isl-x' }, chain, { chains })),
  ];
}

function hostOf(): Host {
  const [golden] = GOLDENS;
  if (golden === undefined) throw new Error('no golden plan');
  return frozenHost(golden.captured, golden.config);
}

function used(view: Parameters<typeof ownedOf>[0]): unknown {
  return ownedOf(view, { island: 'r2lab', ports: [10_310] });
}

async function outcomeOf(read: (text: string) => unknown, text: string): Promise<unknown> {
  try {
    await read(text);
    return undefined;
  } catch (error) {
    return error;
  }
}

async function isRefusedProperly(read: (text: string) => unknown, text: string): Promise<void> {
  const error = await outcomeOf(read, text);
  if (error === undefined) return;
  expect(error).toBeInstanceOf(IslandError);
  // A message is for one line of a terminal.
  expect(String(error).length).toBeLessThan(400);
}

/** JSON in the shape of the tools' answers, with anything in place of any part of it. */
const key = fc.constantFrom(
  ...[
    'ifname',
    'flags',
    'mtu',
    'addr_info',
    'linkinfo',
    'info_data',
    'dst',
    'dev',
    'table',
    'priority',
    'src',
  ],
  ...[
    'nexthops',
    'metrics',
    'mac',
    'nftables',
    'set',
    'map',
    'elem',
    'chain',
    'rule',
    'name',
    'port',
    'earlier',
  ],
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.jsonValue({ maxDepth: 1 }),
    fc.constantFrom(
      '10.3.1.2',
      '10.0.0.0/99',
      '10.0.0.0/x',
      '1e400',
      '__proto__',
      -1,
      1e300,
      null,
      'default',
    ),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
  ),
}));

describe.each(Object.entries(READERS))('%s', (_, read) => {
  test('is refused with a reason when it is any text', async () => {
    await fc.assert(fc.asyncProperty(fc.string(), (text) => isRefusedProperly(read, text)));
    for (const text of [
      '',
      '\n',
      '[]',
      '{}',
      'null',
      '0',
      '"x"',
      '[',
      '\u0000',
      '[]\n'.repeat(4),
      '[null]',
    ]) {
      await isRefusedProperly(read, text);
    }
  });

  test('is refused or read when it is any JSON', async () => {
    const answers = fc.array(tree, { minLength: 4, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(answers, async (values) => {
        const lines = values.map((value) => JSON.stringify(value));
        await isRefusedProperly(read, lines.join('\n'));
        await isRefusedProperly(read, lines[0] ?? '');
      }),
    );
  });

  test('does not hang on what is long or deep', async () => {
    // What hangs is ended by the runner's own limit.
    await isRefusedProperly(read, '['.repeat(100_000));
    await isRefusedProperly(read, `${'[{"a":'.repeat(2000)}1${'}]'.repeat(2000)}`);
    await isRefusedProperly(read, JSON.stringify('x'.repeat(1_000_000)));
  });
});

describe('a real answer with one part replaced', () => {
  const capture = (name: string) => readFileSync(new URL(`captured/${name}.jsonl`, import.meta.url), 'utf8');
  const [, filter = ''] = capture('nft-1.0.6-iptables-1.8.9').split('\n');
  const names = ['ip-6.1.0-linux-6.18', 'bridge-6.1.0-linux-6.18', 'nft-1.0.6-linux-6.18'];
  const real = [...names.map(capture), filter];
  const read = ['ip printed', 'bridge printed', 'nft printed', "nft printed of somebody's table"];
  const readers = read.map((what) => READERS[`what ${what}`]);

  test.each([0, 1, 2, 3])('is refused or read (%i)', async (index) => {
    const [text = '', reader] = [real[index], readers[index]];
    if (reader === undefined) throw new Error('no reader');
    // Every value of the text, by its place: numbers, strings, words.
    const values = [...text.matchAll(/(?<=: ?)(?:"[^"]*"|-?\d+|true|false|\[\])/g)];
    const place = fc.nat(values.length - 1);
    await fc.assert(
      fc.asyncProperty(place, tree, async (at, value) => {
        const match = values[at];
        if (match === undefined) return;
        const end = match.index + match[0].length;
        await isRefusedProperly(reader, text.slice(0, match.index) + JSON.stringify(value) + text.slice(end));
      }),
    );
  });

  test('is refused when it is cut short', async () => {
    for (const [index, text] of real.entries()) {
      const reader = readers[index];
      if (reader === undefined) throw new Error('no reader');
      for (let length = 0; length < text.length; length += Math.ceil(text.length / 50)) {
        expect(await outcomeOf(reader, text.slice(0, length))).toBeInstanceOf(IslandError);
      }
    }
  });
});

test('a damaged record says which file it is and what to do', async () => {
  await expect(readJoined(storeOf('{"name":"faraday"'))).rejects.toMatchObject({
    ...{
      code: 'E_APPLY',
      message: 'joined.json of the island is damaged',
      hint: expect.stringContaining('remove it'),
    },
  });
});
