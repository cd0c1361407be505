import { describe, expect, test } from 'vitest';
import { confirmedSentence, pendingSentence } from '../../src/cli/render/pending.ts';

describe('what is said of a join that waits to be confirmed', () => {
  test.each([
    [41_200, true, 'all this is undone in 42 s unless "island confirm" comes first'],
    [-3000, true, 'the time to confirm has been over for 3 s: the join is being undone'],
  ])('%i ms before its time, watched %s', (leftMs, watched, sentence) => {
    expect(pendingSentence({ leftMs, watched })).toBe(sentence);
  });

  test('names the ways out when nobody watches it', () => {
    expect(pendingSentence({ leftMs: 41_200, watched: false })).toMatch(
      /^42 s are left .* has gone: "island confirm" keeps it, "island join" has it watched again$/,
    );
    expect(pendingSentence({ leftMs: -3000, watched: false })).toMatch(
      /over for 3 s, and nobody undid it: "island confirm" keeps it, "island leave" removes it$/,
    );
  });
});

describe('what confirm says', () => {
  test('with the time that was left', () => {
    expect(confirmedSentence({ island: 'r2lab', leftMs: 41_200 })).toBe(
      'r2lab stays as it was joined (42 s were left)',
    );
  });

  test('when it comes late, but not too late', () => {
    expect(confirmedSentence({ island: 'r2lab', leftMs: -500 })).toBe(
      'r2lab stays as it was joined (its time had been over for 1 s, but nothing was undone yet)',
    );
  });

  test('when there is nothing to confirm, and why that may be', () => {
    expect(confirmedSentence(undefined)).toBe(
      'no join waits to be confirmed: none had a time limit, or its time is over and it was undone',
    );
  });
});
