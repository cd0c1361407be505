import { expect, test } from 'vitest';
import { createTally } from '../../src/dns/tally.ts';

test('answers are counted by way, type and rcode, what is dropped by reason; types that nobody uses are one', () => {
  const tally = createTally();
  tally.answered('udp', 1, 0);
  tally.answered('udp', 1, 3);
  tally.answered('tcp', 255, 0);
  tally.answered('udp', 99, 5);
  for (const type of [257, 4000, 65_535]) tally.answered('udp', type, 16);
  tally.dropped('stranger');
  tally.dropped('rate');
  tally.dropped('stranger');
  expect(tally.snapshot()).toEqual({
    ...{ udp: 6, tcp: 1 },
    types: { A: 2, ANY: 1, TYPE99: 1, other: 3 },
    rcodes: { NOERROR: 2, NXDOMAIN: 1, REFUSED: 1, BADVERS: 3 },
    drops: { rate: 1, stranger: 2 },
  });
});
