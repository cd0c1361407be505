import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plan } from '../../src/app/plan.ts';
import { readJoined, readSysctls } from '../../src/app/record.ts';
import { whoami } from '../../src/app/whoami.ts';
import { planJson, renderPlan } from '../../src/cli/render/plan.ts';
import { IslandError } from '../../src/errors.ts';
import type { Store } from '../../src/host/host.ts';
import { parseFdb, parseIp } from '../../src/host/iproute.ts';
import { parseTable } from '../../src/host/nft.ts';
import { effectsOf } from '../../src/plan/effect.ts';
import { type Captured, frozenHost } from '../support/captured.ts';
import { GOLDENS } from '../support/goldens.ts';

// Nothing here looks at a clock: what hangs is ended by the runner's own limit.

/** What a kernel or a tool of another time might print, or one that lies. */
const { odd } = fc.letrec((tie) => ({
  odd: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(
      ...[
        null,
        true,
        -1,
        0,
        1.5,
        2 ** 31,
        2 ** 53,
        1e300,
        '',
        ' ',
        'a\nb',
        'a b',
        '#',
        '"',
        '\u001b[2J',
        '\0',
      ],
      ...'0 -1 1e400 x default all 10.3.1.2 0.0.0.0 10.0.0.0/8 10.0.0.0/99 10.0.0.0/-1 10.0.0.0/'.split(' '),
      ...'::/0 256.1.1.1 isl-x isl-sopn-abcdef island:r2lab/x 10310 254'.split(' '),
      ...['ipip', 'vxlan', 'PERMANENT', '__proto__', 'constructor', 'net.ipv4.conf.x.forwarding', '$(id)'],
    ),
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.array(tie('odd'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('dst', 'dev', 'prefix', 'addr', 'len', 'concat', '__proto__'), tie('odd'), {
      maxKeys: 3,
    }),
  ),
}));

const edit = fc.record({
  at: fc.nat(),
  how: fc.constantFrom('replace', 'remove', 'repeat', 'swap'),
  to: odd,
});
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

/** `root` with something else at one of its places, whichever that is. */
function edited(root: unknown, { at, how, to }: Edit): unknown {
  const copy = structuredClone(root);
  const places = placesIn(copy);
  const place = places[at % places.length];
  const other = places[(at * 7919) % places.length];
  if (place === undefined || other === undefined) return to;
  const value: unknown = Reflect.get(place.container, place.key);
  if (how === 'remove') Reflect.deleteProperty(place.container, place.key);
  else if (how === 'repeat' && Array.isArray(place.container)) place.container.push(structuredClone(value));
  else if (how === 'swap')
    Reflect.set(place.container, place.key, structuredClone(Reflect.get(other.container, other.key)));
  else Reflect.set(place.container, place.key, to);
  return Array.isArray(place.container) ? withoutHoles(copy) : copy;
}

interface PlaceInTree {
  readonly container: object;
  readonly key: string;
}

function placesIn(node: unknown): PlaceInTree[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => [{ container: node, key }, ...placesIn(value)]);
}

function withoutHoles(root: unknown): unknown {
  return JSON.parse(JSON.stringify(root));
}

/** The lists that the tools printed, edited; who the host is and where it lives stay. */
function lying(captured: Captured, edits: readonly Edit[]): Captured {
  const { address, route, rule, neighbour, fdb, nft } = captured;
  const printed = { address, route, rule, neighbour, fdb, nft };
  const told = edits.reduce<unknown>(edited, printed) as Partial<Captured>;
  return { ...captured, ...printed, ...told };
}

async function refusal(work: () => unknown): Promise<IslandError | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!(error instanceof IslandError)) throw error;
    expect(error.message).toMatch(/\S/);
    return error;
  }
}

describe('a host whose kernel says something else than expected', () => {
  test('is planned for or refused with a reason, and every line for ip and bridge is one command', async () => {
    let planned = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...GOLDENS),
        fc.array(edit, { minLength: 1, maxLength: 4 }),
        async ({ config, captured }, edits) => {
          const host = frozenHost(lying(captured, edits), config);
          await refusal(async () => {
            const scene = await plan(host, {});
            planned += 1;
            const effects = effectsOf(scene.steps);
            const lines = effects.flatMap((effect) => ('lines' in effect ? effect.lines : []));
            for (const line of lines) expect(line).toMatch(/^[^\n\r#"']+$/);
            for (const line of renderPlan(scene)) expect(line).not.toMatch(/^#.*[^\P{Cc}]/u);
            JSON.stringify(planJson(scene));
          });
          await refusal(() => whoami(host, {}));
        },
      ),
      { numRuns: 400 },
    );
    expect(planned).toBeGreaterThan(50);
  });

  test('and has a link with a name that is no name, puts it into no command', async () => {
    const links = GOLDENS.flatMap(({ config, captured }) =>
      Object.keys(captured.forwarding)
        .filter((link) => link !== 'all' && link !== 'default')
        .map((link) => ({ config, captured, link })),
    );
    const hostile = fc.constantFrom('x\nlink delete dev lo', 'x up', 'x\tup', ' x', '\u2028x', '');
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...links), hostile, async ({ config, captured, link }, name) => {
        const host = frozenHost(renamed(captured, link, name), config);
        const refused = await refusal(() => plan(host, {}));
        expect(refused?.code).toBe('E_APPLY');
      }),
      { numRuns: 200 },
    );
  });
});

/** The capture with another name for a link, wherever it stands. */
function renamed(captured: Captured, from: string, to: string): Captured {
  return JSON.parse(JSON.stringify(captured), (_, value) => (value === from ? to : value));
}

const readers: Readonly<Record<string, (text: string) => unknown>> = {
  ip: (text) => parseIp(text),
  bridge: (text) => parseFdb(text),
  nft: (text) => parseTable('island-r2lab', text),
  'joined.json': (text) => readJoined(storeOf(text)),
  'sysctls.json': (text) => readSysctls(storeOf(text)),
};
const JOINED = GOLDENS.find(
  ({ captured }) => captured.joined !== undefined && captured.sysctls !== undefined,
);

/** What each reader is made for, as text and as the value in it. */
function answersOf(reader: string): readonly unknown[] {
  const all = GOLDENS.map(({ captured }) => captured);
  switch (reader) {
    case 'ip':
      return all.map(({ address, route, rule, neighbour }) => [address, route, rule, neighbour]);
    case 'bridge':
      return all.map(({ fdb }) => fdb);
    case 'nft':
      return all.map(({ nft }) => nft).filter((nft) => nft !== null);
    case 'joined.json':
      return [JOINED?.captured.joined];
    default:
      return [JOINED?.captured.sysctls];
  }
}

function textOf(reader: string, value: unknown): string {
  const values = reader === 'ip' && Array.isArray(value) ? value : [value];
  return values.map((each) => JSON.stringify(each)).join('\n');
}

// Any text and any JSON: test/host/malformed.test.ts.
describe.each(Object.entries(readers))('what is read from %s', (name, read) => {
  const answers = answersOf(name);

  test('with parts of it something else, is taken or refused as a failed step', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...answers),
        fc.array(edit, { minLength: 1, maxLength: 3 }),
        async (answer, edits) => {
          const error = await refusal(() => read(textOf(name, edits.reduce<unknown>(edited, answer))));
          expect(error?.code ?? 'E_APPLY').toBe('E_APPLY');
        },
      ),
      { numRuns: 200 },
    );
  });

  test('with bytes of it something else, is taken or refused as a failed step', async () => {
    const flip = fc.record({ at: fc.nat(), to: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...answers),
        fc.array(flip, { minLength: 1, maxLength: 4 }),
        async (answer, flips) => {
          const bytes = Buffer.from(textOf(name, answer));
          for (const { at, to } of flips) bytes[at % bytes.length] = to;
          const error = await refusal(() => read(bytes.toString('utf8')));
          expect(error?.code ?? 'E_APPLY').toBe('E_APPLY');
        },
      ),
      { numRuns: 200 },
    );
  });
});

function storeOf(text: string): Store {
  const nothing = { readNow: () => undefined, stamp: () => undefined };
  return { ...nothing, read: async () => text, write: async () => undefined, remove: async () => undefined };
}
