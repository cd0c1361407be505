import { describe, expect, test } from 'vitest';
import type { Healed } from '../../src/app/heal.ts';
import { reporterTo } from '../../src/daemon/reporter.ts';
import { IslandError } from '../../src/errors.ts';
import { memoryLog } from '../support/hub/hub.ts';

/** What a reporter goes by. */
function kept(repaired: readonly string[] = [], unused?: string, findings: readonly object[] = []): Healed {
  return { state: 'kept', repaired, unused, scene: { findings } } as unknown as Healed;
}

function reported(healed: readonly (Healed | IslandError)[]): readonly string[] {
  const { log, lines } = memoryLog();
  const reporter = reporterTo(log);
  for (const each of healed) {
    if (each instanceof IslandError) reporter.failed(each);
    else reporter.healed(each, ['link']);
  }
  return lines;
}

const LEFT = { state: 'left' } as unknown as Healed;
const DOWN = new IslandError('E_RETRY', 'the link eth0 is down');

describe('a reporter', () => {
  test('says nothing while there is nothing to say', () => {
    expect(reported([kept(), kept(), kept()])).toEqual([]);
  });

  test('says what was repaired, and what told of it', () => {
    expect(reported([kept(), kept(['rule 12487 is missing'])])).toEqual([
      'warn repaired {"repaired":["rule 12487 is missing"],"because":["link"]}',
    ]);
  });

  test('says a state when it begins, and when it is over', () => {
    expect(reported([kept(), DOWN, DOWN, DOWN, kept(), kept(), LEFT, LEFT, kept()])).toEqual([
      'error cannot repair {"state":"failed","code":"E_RETRY","reason":"the link eth0 is down"}',
      'info the host is as the file says {"state":"kept"}',
      'info this host has left the island; nothing is done until it joins again {"state":"left"}',
      'info the host is as the file says {"state":"kept"}',
    ]);
  });

  test('says ever less often that the same is repaired over and over', () => {
    const times = reported([kept(), ...Array.from({ length: 100 }, () => kept(['rule 1 is missing']))]).map(
      (line) => /"times":(\d+)/.exec(line)?.[1] ?? '1',
    );
    expect(times).toEqual(['1', '2', '4', '8', '16', '32', '64']);
  });

  test('does not fill a line with all the routes of a large island', () => {
    const words = Array.from({ length: 5000 }, (_, n) => `route ${n} is missing`);
    const [line = ''] = reported([kept(), kept(words)]);
    expect(line.length).toBeLessThan(1000);
    expect(line).toContain('"more":4980');
  });

  test('says once that the file is another one by now', () => {
    expect(reported([kept(), kept([], 'it has changed'), kept([], 'it has changed')])).toEqual([
      'warn the host is kept as it was, but {"state":"kept","doubts":["it has changed"]}',
    ]);
  });

  test('says once what is in the way of the island, and not what is only good to know', () => {
    const found = [
      { weight: 'note', text: 'a peer is far away' },
      { weight: 'drift', text: 'docker0 overlaps 192.168.3.0/24' },
    ];
    expect(reported([kept(), kept([], undefined, found), kept([], undefined, found), kept()])).toEqual([
      'warn the host is kept as it was, but {"state":"kept","doubts":["docker0 overlaps 192.168.3.0/24"]}',
      'info the host is as the file says {"state":"kept"}',
    ]);
  });
});
