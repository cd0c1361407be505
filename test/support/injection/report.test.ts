import { expect, test } from 'vitest';
import type { Attack } from './attack.ts';
import { type Due, formatBreaches, formatInjections, type Tally } from './report.ts';

const closed: Attack = {
  ...{ name: 'a stranger', marker: 20_001, frames: [], packets: 2 },
  ...{ stranger: true, open: false, whileJoined: false, nested: false },
};
const open: Attack = { ...closed, name: 'both forged', marker: 20_002, open: true };
const joined: Tally = {
  ...{ column: 'joined', state: 'joined', sent: 3, due: (attack) => (attack.open ? 'all' : 'none') },
  behind: new Map([[20_002, 3]]),
  victim: new Map([[20_002, 3]]),
};

test('the table has a row per attack and adds up what got in and where, by victim and column', () => {
  const again = { ...joined, state: 'joined again', victim: new Map([[20_001, 1]]) };
  const hub = { role: 'hub', attacks: [closed, open], tallies: [joined, again] };
  const gateway = { role: 'gateway', attacks: [open], tallies: [{ ...joined, column: 'no guard' }] };
  expect(formatInjections('with vxlan', [hub, gateway])).toBe(
    `| with vxlan | hub: joined (6) | gateway: no guard (3) |
| - | - | - |
| a stranger | 0+1 |  |
| both forged | 6+3 | 3+3 |
`,
  );
});

test.each<[Due, number, boolean]>([
  ['none', 0, true],
  ['none', 1, false],
  ['some', 0, false],
  ['some', 1, true],
  ['all', 5, false],
  ['all', 6, true],
  ['any', 0, true],
  ['any', 6, true],
])('where %s of 6 packets has to get in, %d is %s', (due, packets, isRight) => {
  const tally = { ...joined, victim: new Map([[20_001, packets]]), due: () => due };
  const breaches = formatBreaches({ role: 'hub', attacks: [closed], tallies: [tally] });
  const cell = packets === 0 ? '0' : `0+${packets}`;
  expect(breaches).toEqual(isRight ? [] : [`hub: joined: a stranger: ${cell} got in, not ${due}`]);
});

test('what was not sent proves nothing', () => {
  const tallies = [{ ...joined, sent: 0 }];
  expect(formatBreaches({ role: 'hub', attacks: [closed], tallies })).toEqual([
    'hub: joined: nothing was sent',
  ]);
});
