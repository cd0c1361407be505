import { describe, expect, test } from 'vitest';
import { parseSession, type Session } from '../../src/model/session.ts';
import { formatWay, wayOf } from '../../src/plan/way.ts';
import { ipv4, route, rule } from '../support/observed.ts';

const SESSION = session('192.0.2.7 50022 198.51.100.5 22');
const DEFAULTS = [rule(32_766), rule(32_767, { table: 253 })];
const UPLINK = { link: 'eth0', nextHop: ipv4('198.51.100.1') };
const OTHER = [...DEFAULTS, rule(100, { table: 100 })];
const IN_OTHER = route('192.0.2.0/24', { table: 100, link: 'wg0' });

function session(text: string): Session {
  const parsed = parseSession(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

function way(rules: Parameters<typeof wayOf>[0]['rules'], ...routes: Parameters<typeof wayOf>[0]['routes']) {
  const found = wayOf({ rules, routes: [route('default', UPLINK), ...routes] }, SESSION);
  return found === undefined ? undefined : formatWay(found);
}

describe('the way of a session', () => {
  test('is that of the longest prefix, then of the smallest metric', () => {
    expect(way(DEFAULTS)).toBe('eth0 via 198.51.100.1');
    expect(way(DEFAULTS, route('192.0.2.0/24', { link: 'eth1' }))).toBe('eth1');
    expect(
      way(
        DEFAULTS,
        route('192.0.2.0/24', { link: 'slow', metric: 600 }),
        route('192.0.2.0/24', { link: 'fast', metric: 100 }),
      ),
    ).toBe('fast');
  });

  test('is asked of the tables in the order of the rules, and goes on behind a throw or an empty table', () => {
    expect(way(OTHER)).toBe('eth0 via 198.51.100.1');
    expect(way(OTHER, IN_OTHER)).toBe('wg0');
    expect(way(OTHER, route('192.0.2.0/24', { table: 100, type: 'throw' }))).toBe('eth0 via 198.51.100.1');
    expect(way([rule(50), ...OTHER], IN_OTHER)).toBe('eth0 via 198.51.100.1');
  });

  test('ends at what refuses, and is none where nothing leads', () => {
    expect(way(OTHER, route('192.0.2.0/24', { table: 100, type: 'unreachable' }))).toBe('nowhere');
    expect(way([rule(1, { table: 9 })])).toBeUndefined();
  });

  test.each([
    ['its source', { from: { network: ipv4('198.51.100.0'), prefix: 24 } }, true],
    ['another source', { from: { network: ipv4('203.0.113.0'), prefix: 24 } }, false],
    ['its destination', { to: { network: ipv4('192.0.2.7'), prefix: 32 } }, true],
    ['another destination', { to: { network: ipv4('192.0.2.8'), prefix: 32 } }, false],
    ['TCP', { ipProtocol: 6, narrowed: true }, true],
    ['ipip', { ipProtocol: 4, narrowed: true }, false],
    ['its ports', { sourcePort: 22, destinationPort: 50_022, narrowed: true }, true],
    ['other ports', { sourcePort: 10_310, destinationPort: 10_310, narrowed: true }, false],
    ['a mark', { narrowed: true }, false],
    ['all but a mark, as wg-quick does', { narrowed: true, inverted: true }, true],
    ['all but its source', { from: { network: ipv4('198.51.100.5'), prefix: 32 }, inverted: true }, false],
  ])('a rule for %s', (_, selector, applies) => {
    const rules = [...DEFAULTS, rule(100, { table: 100, ...selector })];
    expect(way(rules, IN_OTHER)).toBe(applies ? 'wg0' : 'eth0 via 198.51.100.1');
  });

  test('a rule that takes longer prefixes only passes the default route on', () => {
    const rules = [rule(99, { suppressPrefix: 0 }), ...OTHER];
    expect(way(rules, IN_OTHER)).toBe('wg0');
    expect(way(rules, IN_OTHER, route('192.0.2.0/25', { link: 'lan' }))).toBe('lan');
  });

  test('a rule that names no table, as that of a VRF, is no answer', () => {
    expect(way([rule(1, { table: undefined }), ...DEFAULTS])).toBe('eth0 via 198.51.100.1');
  });
});

describe('SSH_CONNECTION', () => {
  test('names both ends', () => {
    expect(parseSession('192.0.2.7 50022 198.51.100.5 22')).toEqual({
      ...{ client: '192.0.2.7', clientPort: 50_022, server: '198.51.100.5', serverPort: 22 },
    });
  });

  test.each(['2001:db8::7 50022 2001:db8::5 22', '', 'UNKNOWN 65535 UNKNOWN 65535', '192.0.2.7 50022'])(
    'as "%s" is no session over IPv4',
    (text) => expect(parseSession(text)).toBeUndefined(),
  );
});
