import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadIsland } from '../../src/config/load.ts';
import {
  blockFault,
  blockIn,
  hostsLine,
  islandsWritten,
  otherEntries,
  withBlock,
  writtenFor,
} from '../../src/model/hosts-file.ts';
import { namedAddresses } from '../../src/model/zone.ts';
import { modelFile } from '../support/island.ts';

/** Whatever bytes an operator has there, also without a last newline; no markers of ours. */
const others = fc
  .array(
    fc.constantFrom(
      '127.0.0.1 localhost',
      '10.0.0.9\tfit02 printer',
      '# island:r2lab',
      '# island:r2lab names',
      '\xe9\xff',
    ),
  )
  .chain((lines) =>
    fc.tuple(fc.constantFrom('\n', '\r\n'), fc.boolean()).map(([end, isEnded]) => {
      return lines.map((line) => `${line}${end}`).join('') + (isEnded ? '' : '10.0.0.1 last');
    }),
  );
const block = fc.array(fc.constantFrom('10.3.1.2  a.x a', '10.3.1.3  b.x b'), { maxLength: 3 });

describe('the lines of an island in /etc/hosts', () => {
  test('come and go, and every other byte stays as it was', () => {
    fc.assert(
      fc.property(others, block, block, (text, first, second) => {
        const one = withBlock(text, 'r2lab', first);
        expect(blockIn(one, 'r2lab')).toEqual(first);
        const two = withBlock(one, 'r2lab', second);
        expect(blockIn(two, 'r2lab')).toEqual(second);
        expect(withBlock(two, 'r2lab', second)).toBe(two);
        expect(withBlock(two, 'r2lab', undefined)).toBe(text);
      }),
    );
  });

  test('of two islands go in any order, and neither takes the other along', () => {
    fc.assert(
      fc.property(others, block, block, fc.boolean(), (text, mine, theirs, isFirst) => {
        const both = withBlock(withBlock(text, 'r2lab', mine), 'r2', theirs);
        expect([blockIn(both, 'r2lab'), blockIn(both, 'r2')]).toEqual([mine, theirs]);
        const [one, other] = isFirst ? ['r2lab', 'r2'] : ['r2', 'r2lab'];
        expect(withBlock(withBlock(both, one, undefined), other, undefined)).toBe(text);
      }),
    );
  });

  test('are apart from those that an operator put there, which begin and end by other markers', () => {
    fc.assert(
      fc.property(others, block, block, fc.boolean(), (text, mine, written, isFirst) => {
        const owner = writtenFor('r2lab');
        const both = withBlock(withBlock(text, 'r2lab', mine), owner, written);
        expect([blockIn(both, 'r2lab'), blockIn(both, owner)]).toEqual([mine, written]);
        expect([islandsWritten(both), islandsWritten(text)]).toEqual([['r2lab'], []]);
        const [one, other] = isFirst ? ['r2lab', owner] : [owner, 'r2lab'];
        expect(withBlock(withBlock(both, one, undefined), other, undefined)).toBe(text);
      }),
    );
  });

  test('stay where they are when they change, and are changed back from what an editor made of their ends', () => {
    const text = withBlock('a\n', 'r2lab', ['10.3.1.2  a.x a']);
    const edited = `${text}b\n`.replaceAll('\n', '\r\n');
    expect(blockIn(edited, 'r2lab')).toEqual(['10.3.1.2  a.x a\r']);
    expect(withBlock(edited, 'r2lab', ['c'])).toBe('a\r\n# island:r2lab begin\nc\n# island:r2lab end\nb\r\n');
  });

  test.each([
    ['a\n# island:r2lab begin\nx\n', 2, '"# island:r2lab begin" without its end'],
    ['x\n# island:r2lab end\n', 2, '"# island:r2lab end" without its begin'],
    [
      '# island:r2lab begin\n# island:r2lab begin\n# island:r2lab end\n',
      2,
      'a second "# island:r2lab begin"',
    ],
    ['# island:r2lab begin\n# island:r2lab end\n# island:r2lab end\n', 3, 'a second "# island:r2lab end"'],
    [
      ...['# island:r2lab begin\n# island:other begin\n# island:r2lab end\n# island:other end\n', 2],
      'a marker of other inside the lines of r2lab',
    ],
  ] as const)('are not touched where their markers are broken: %j', (text, line, message) => {
    expect(blockFault(text, 'r2lab')).toEqual({ line, message });
    expect([blockIn(text, 'r2lab'), withBlock(text, 'r2lab', ['x'])]).toEqual([undefined, text]);
  });

  test('are told apart from what others say', () => {
    const text = withBlock('# c\n127.0.0.1\tlocalhost me # here\r\n', 'r2lab', ['10.3.1.2  a.x a']);
    expect(otherEntries(`${text}::1 ip6\n`, 'r2lab')).toEqual([
      { line: 2, address: '127.0.0.1', names: ['localhost', 'me'] },
      { line: 6, address: '::1', names: ['ip6'] },
    ]);
  });
});

test('a name is the address that others use for a host, and with -tunnel the inner one of who ends a link', () => {
  const worker = { name: 'w9', inner: '10.3.1.70', mac: '', routes: [] } as never;
  const island = loadIsland(modelFile('vxlan'), 'r2lab.yaml');
  const said = namedAddresses(island, [worker]).map((each) => hostsLine(each, island.zone));
  expect(said).toEqual(
    expect.arrayContaining([
      '138.96.245.50  sopnode-l1.r2lab.internal sopnode-l1',
      '10.3.1.2  sopnode-l1-tunnel.r2lab.internal sopnode-l1-tunnel',
      '192.168.3.100  faraday.r2lab.internal faraday',
      '192.168.3.7  fit07.r2lab.internal fit07',
      '10.3.1.70  w9.r2lab.internal w9',
    ]),
  );
  expect(said.length).toBe(4 + 37 + 3 + 1 + 2);
});
