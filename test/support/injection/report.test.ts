import { expect, test } from 'vitest';
import type { Attack } from './attack.ts';
import { formatBreaches, formatInjections, type Tally } from './report.ts';

const closed: Attack = {
  ...{ name: 'a stranger', marker: 20_001, frames: [], packets: 2 },
  ...{ stranger: true, open: false, whileJoined: false },
};
const open: Attack = { ...closed, name: 'both forged', marker: 20_002, open: true };
const tally: Tally = {
  ...{ state: 'joined', sent: 3, refused: (attack) => !attack.open, mustPass: (attack) => attack.open },
  behind: new Map([[20_002, 3]]),
  victim: new Map([[20_002, 3]]),
};

test('the table has a row per attack and says where what got in arrived', () => {
  const inside = new Map([[20_001, 1]]);
  expect(
    formatInjections('to a hub', [closed, open], [tally, { ...tally, state: 'later', victim: inside }]),
  ).toBe(
    `| to a hub | joined, 3 of each | later, 3 of each |
| - | - | - |
| a stranger | 0 | 1 inside |
| both forged | 3 behind, 3 inside | 3 behind |
`,
  );
});

test('what got in, what was not seen to get in and what was not sent are breaches', () => {
  expect(formatBreaches([closed, open], [tally])).toEqual([]);
  const behind = new Map([[20_001, 2]]);
  expect(formatBreaches([closed, open], [{ ...tally, behind }])).toEqual([
    'joined: a stranger: got in: 2 behind of 3',
    'joined: both forged: got in: 3 inside of 3, not all',
  ]);
  expect(formatBreaches([closed], [{ ...tally, sent: 0 }])).toEqual(['joined: nothing was sent']);
});
