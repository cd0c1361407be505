import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkConfig, loadIsland } from '../../src/config/load.ts';
import { IslandError } from '../../src/errors.ts';
import type { Island } from '../../src/model/island.ts';
import { GOLDENS } from '../support/goldens.ts';

// Nothing here looks at a clock: what hangs is ended by the runner's own limit.
const RUNS = { numRuns: 100 };

const FILES = GOLDENS.map(({ config }) => config);
const LINES = [...new Set(FILES.flatMap((text) => text.split('\n')))];

/** The island, or undefined for a refusal whose first line says where in the file. */
function outcomeOf(text: string): Island | undefined {
  try {
    return loadIsland(text, 'r2lab.yaml');
  } catch (error) {
    if (!(error instanceof IslandError)) throw error;
    expect(error.code).toBe('E_CONFIG');
    expect(error.message).toMatch(/^r2lab\.yaml:[1-9]\d*:[1-9]\d*: /);
    expect(`${error.message}${error.hint}`).not.toMatch(/[^\P{Cc}\n]/u);
    expect(error.hint).toMatch(/\S/);
    return undefined;
  }
}

/** What breaks parsers, in place of any part of a line. */
const nasty = fc.oneof(
  fc.constantFrom(
    ...['\0', '\t', '\r', '\ufeff', '\ud800', '\u2028', '\ufffd', '\u001b[2J', '---\n', '...\n', '%YAML 9\n'],
    ...['&a', '*a', '<<: *a', '!!binary', '!!js/function x', '? ', '|', '>-', '[', '{', '"', "'", '#', ': '],
    ...'1e999 -0 0x7fffffffffffffff .inf .nan ~ 2001-01-01 1_000 0o17 on null'.split(' '),
    ...'__proto__ constructor toString [1-99999999999999999999] [9-1] [01-1] [-] $(id)'.split(' '),
    ...['9'.repeat(400), 'a'.repeat(5000), ' '.repeat(3000), '['.repeat(500)],
    ...['- '.repeat(300), 'a: '.repeat(300)],
    ...['10.3.1.2', '0.0.0.0/0', '255.255.255.255', '10.3.1.0/33', '::1', 'faraday', 'sopnode-l1'],
  ),
  fc.string({ unit: 'binary', maxLength: 8 }),
);

/** One change of a text: at a line, by words, by a line of another file. */
const change = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), at: fc.nat(), put: nasty, drop: fc.nat(20) }),
  fc.record({ kind: fc.constant('value' as const), at: fc.nat(), put: nasty }),
  fc.record({
    kind: fc.constant('line' as const),
    at: fc.nat(),
    put: fc.constantFrom(...LINES),
    drop: fc.nat(2),
  }),
  fc.record({ kind: fc.constant('indent' as const), at: fc.nat(), by: fc.integer({ min: 0, max: 12 }) }),
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function changed(text: string, edit: Change): string {
  const lines = text.split('\n');
  const row = edit.at % lines.length;
  switch (edit.kind) {
    case 'put': {
      const at = edit.at % (text.length + 1);
      return `${text.slice(0, at)}${edit.put}${text.slice(at + edit.drop)}`;
    }
    case 'value':
      return lines
        .with(
          row,
          (lines[row] ?? '').replace(/: .*/, () => `: ${edit.put}`),
        )
        .join('\n');
    case 'line':
      return lines.toSpliced(row, edit.drop, edit.put).join('\n');
    case 'indent':
      return lines.with(row, `${' '.repeat(edit.by)}${lines[row]?.trimStart()}`).join('\n');
  }
}

test('a file of an operator, changed in places, is an island or refused with the place of each fault', () => {
  let islands = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...FILES),
      fc.array(change, { minLength: 1, maxLength: 5 }),
      (file, changes) => {
        if (outcomeOf(changes.reduce(changed, file)) !== undefined) islands += 1;
      },
    ),
    { ...RUNS, numRuns: 300 },
  );
  // Not all are refused, or the rest of the code would not have been reached.
  expect(islands).toBeGreaterThan(0);
});

test('any bytes are refused with a place', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      expect(outcomeOf(Buffer.from(bytes).toString('utf8'))).toBeUndefined();
    }),
    RUNS,
  );
});

test('a file with bytes that are no UTF-8 in it is an island or refused with a place', () => {
  const flip = fc.record({ at: fc.nat(), to: fc.integer({ min: 0x80, max: 0xff }) });
  fc.assert(
    fc.property(fc.constantFrom(...FILES), fc.array(flip, { minLength: 1, maxLength: 4 }), (file, flips) => {
      const bytes = Buffer.from(file);
      for (const { at, to } of flips) bytes[at % bytes.length] = to;
      outcomeOf(bytes.toString('utf8'));
    }),
    RUNS,
  );
});

/** Texts that grow with `n` in the one way that some parser somewhere does not bear. */
const GROWING: Readonly<Record<string, (n: number) => string>> = {
  'aliases of aliases': (n) =>
    Array.from({ length: n / 100 }, (_, i) => `k${i}: &a${i} [*a${i - 1}, *a${i - 1}]`).join('\n'),
  merges: (n) => `a: &a { x: 1 }\n${'<<: *a\n'.repeat(n)}`,
  anchors: (n) => Array.from({ length: n }, (_, i) => `k${i}: &a${i} x`).join('\n'),
  'open lists': (n) => '['.repeat(n * 5),
  'open maps': (n) => '{a: '.repeat(n),
  'pairs in pairs': (n) => `{${'a: '.repeat(n)}`,
  questions: (n) => '? '.repeat(n),
  'items in items': (n) => '- '.repeat(n),
  quotes: (n) => '"'.repeat(n * 3),
  'closing brackets': (n) => ']'.repeat(n),
  'steps to the right': (n) => Array.from({ length: n / 50 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
  'line breaks': (n) => '\n'.repeat(n * 10),
  'bare returns': (n) => 'a: 1\r'.repeat(n),
  comments: (n) => '#\n'.repeat(n * 5),
  'one long line': (n) => `island: ${'a'.repeat(n * 20)}`,
  escapes: (n) => `island: "${'\\u0041'.repeat(n)}`,
  NULs: (n) => '\0'.repeat(n),
  'halves of characters': (n) => '\ud800'.repeat(n),
  'one key again and again': (n) => 'island: r2lab\n'.repeat(n),
  digits: (n) => `port: ${'9'.repeat(n * 10)}`,
  'a long range': (n) => `hosts: [{ name: "a[${'0'.repeat(n)}-${'9'.repeat(n)}]", address: 10.0.0.1 }]`,
  'a long name': (n) => `hosts: [{ name: "${'a-'.repeat(n)}", address: 10.0.0.1 }]`,
  'a long zone': (n) => `zone: ${'a.'.repeat(n)}`,
  slashes: (n) => `subnet: 10.0.0.0${'/1'.repeat(n)}`,
  prototypes: (n) => '__proto__: { __proto__: 1 }\nconstructor: { prototype: 1 }\n'.repeat(n / 50),
};

test.each(Object.entries(GROWING))('%s, however many, are refused', (_, textOf) => {
  const text = textOf(10_000);
  expect(outcomeOf(text)).toBeUndefined();
  expect(checkConfig(text).length).toBeGreaterThan(0);
});
