import { describe, expect, test } from 'vitest';
import { parseSession } from '../../src/model/session.ts';
import { diff } from '../../src/plan/diff.ts';
import type { Observed } from '../../src/plan/observed.ts';
import { ownedOf } from '../../src/plan/owned.ts';
import type { Resource } from '../../src/plan/resource.ts';
import { sessionRisk } from '../../src/plan/session-risk.ts';
import { modelFile } from '../support/island.ts';
import { ipv4, link, observed, route, rule, sight } from '../support/observed.ts';

const MARKS = { island: 'r2lab', ports: [10_310] };
const DEFAULTS = [rule(32_766), rule(32_767, { table: 253 })];

function faraday(
  more: Parameters<typeof observed>[1] = {},
  links: Parameters<typeof observed>[0] = [],
): Observed {
  return observed(
    [
      link('internet', ['138.96.16.97/28']),
      link('control', ['192.168.3.100/24']),
      link('data', ['192.168.2.100/24']),
      ...links,
    ],
    {
      ...more,
      rules: [...DEFAULTS, ...(more.rules ?? [])],
      routes: [
        route('default', { link: 'internet', nextHop: ipv4('138.96.16.110') }),
        ...(more.routes ?? []),
      ],
    },
  );
}

/** What joining does to a session that runs from `client` to `server`, an address of the host. */
function joining(
  host: Observed,
  client: string,
  server: string,
  yaml = modelFile('ipip'),
): string | undefined {
  return becoming(host, sight(yaml, 'faraday', host).resources, client, server);
}

function becoming(
  host: Observed,
  desired: readonly Resource[],
  client: string,
  server: string,
): string | undefined {
  const session = parseSession(`${client} 50022 ${server} 22`);
  if (session === undefined) throw new Error('no session');
  const steps = diff(ownedOf(host, MARKS), desired);
  return sessionRisk(session, { observed: host, marks: MARKS, steps, desired });
}

/** faraday as it is on the island: the link, its address, the routes and the rules. */
function joined(): Observed {
  const remote = { local: '138.96.16.97', remote: '138.96.245.50' };
  const island = link('isl-sopn-1ycmgm', ['10.3.1.3/32'], {
    ...{ kind: 'ipip', group: 10_310, alias: 'island:r2lab/sopnode-l1', mtu: 1480, tunnel: remote },
  });
  const through = { table: 10_310, protocol: 110, link: island.name, source: ipv4('192.168.3.100') };
  return faraday(
    {
      rules: [
        rule(12_480, { from: { network: ipv4('138.96.16.97'), prefix: 32 }, protocol: 110 }),
        rule(12_487, { table: 10_310, protocol: 110 }),
      ],
      routes: [route('10.3.1.0/24', through), route('138.96.245.0/24', through)],
    },
    [island],
  );
}

describe('joining', () => {
  test('takes a session from a network of the island through the link', () => {
    expect(joining(faraday(), '138.96.245.51', '192.168.3.100')).toBe(
      'your SSH session from 138.96.245.51 to 192.168.3.100 leaves by internet via 138.96.16.110 now and would leave by isl-sopn-1ycmgm then',
    );
  });

  test.each([
    ['at the outer address, for which a rule in front keeps the underlay', '138.96.245.51', '138.96.16.97'],
    ['from the LAN', '192.168.3.7', '192.168.3.100'],
    ['from elsewhere', '203.0.113.9', '192.168.3.100'],
    ['from this very host', '192.168.2.100', '192.168.3.100'],
    ['that ends in another network namespace', '138.96.245.51', '10.9.9.9'],
  ])('leaves a session alone %s', (_, client, server) => {
    expect(joining(faraday(), client, server)).toBeUndefined();
  });

  test('leaves a session alone that already goes through the island', () => {
    expect(joining(joined(), '138.96.245.51', '192.168.3.100')).toBeUndefined();
    expect(joining(joined(), '10.3.1.2', '10.3.1.3')).toBeUndefined();
  });

  test('cuts a session whose link is made anew', () => {
    const moved = modelFile('ipip').replace('outer: 138.96.245.50', 'outer: 138.96.245.49');
    expect(joining(joined(), '10.3.1.2', '10.3.1.3', moved)).toBe(
      'your SSH session from 10.3.1.2 to 10.3.1.3 leaves by isl-sopn-1ycmgm, which is made anew',
    );
  });

  test('ends a session to an inner address that becomes another', () => {
    const renumbered = modelFile('ipip').replace('inner: 10.3.1.3', 'inner: 10.3.1.4');
    expect(joining(joined(), '10.3.1.2', '10.3.1.3', renumbered)).toBe(
      'your SSH session from 10.3.1.2 to 10.3.1.3 would end: the address 10.3.1.3 goes',
    );
  });

  test('may leave a session without any way', () => {
    const lost = becoming(joined(), [], '10.3.1.2', '192.168.3.100');
    expect(lost).toContain('leaves by isl-sopn-1ycmgm now and would leave by internet');
    const isolated = { ...joined(), routes: joined().routes.filter(({ link: via }) => via !== 'internet') };
    expect(becoming(isolated, [], '10.3.1.2', '192.168.3.100')).toMatch(/and would have no way then$/);
  });
});

describe('leaving', () => {
  test('cuts a session that came in through the island', () => {
    expect(becoming(joined(), [], '138.96.245.51', '192.168.3.100')).toBe(
      'your SSH session from 138.96.245.51 to 192.168.3.100 leaves by isl-sopn-1ycmgm now and would leave by internet via 138.96.16.110 then',
    );
    expect(becoming(joined(), [], '10.3.1.2', '10.3.1.3')).toMatch(
      /would end: the address 10\.3\.1\.3 goes$/,
    );
  });

  test("takes somebody else's route through the link along", () => {
    const host = joined();
    const extra = route('203.0.113.0/24', { link: 'isl-sopn-1ycmgm' });
    expect(
      becoming({ ...host, routes: [extra, ...host.routes] }, [], '203.0.113.9', '192.168.3.100'),
    ).toContain('leaves by isl-sopn-1ycmgm now and would leave by internet');
  });

  test.each([
    ['138.96.245.51', '138.96.16.97'],
    ['192.168.3.7', '192.168.3.100'],
    ['203.0.113.9', '192.168.3.100'],
  ])('leaves a session from %s to %s alone', (client, server) => {
    expect(becoming(joined(), [], client, server)).toBeUndefined();
  });
});
