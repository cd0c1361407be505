import { describe, expect, test } from 'vitest';
import {
  isTableOf,
  linkNameOf,
  macOf,
  nftTableOf,
  portsClash,
  prioritiesOf,
  SHARED,
  sideTableOf,
  tablesOf,
} from '../../src/model/addressing.ts';
import { fromNumber, parseIpv4, toNumber } from '../../src/model/ip.ts';
import type { LinkEnd } from '../../src/model/island.ts';

const PEERS = Array.from({ length: 10_000 }, (_, index) => `fit${index}`);

describe('the name of a link', () => {
  test('fits the kernel, whatever the peer is called', () => {
    const names = ['a', '0', SHARED, 'x'.repeat(63), 'a-b-c-d-e', '----', 'fit[01]', ...PEERS];
    for (const name of names) expect(linkNameOf('r'.repeat(32), name)).toMatch(/^isl-[a-z0-9-]{6,11}$/);
  });

  test('is unique among ten thousand peers, and between two islands of the same peers', () => {
    const names = ['r2lab', 'other'].flatMap((island) => PEERS.map((peer) => linkNameOf(island, peer)));
    expect(new Set(names).size).toBe(names.length);
  });

  test('begins with the letters of the peer, for the reader', () => {
    expect(linkNameOf('r2lab', 'faraday')).toMatch(/^isl-fara-[0-9a-z]{6}$/);
    expect(linkNameOf('r2lab', 'n-1')).toMatch(/^isl-n1-/);
    expect(linkNameOf('r2lab', SHARED)).toMatch(/^isl-vxla-[0-9a-z]{6}$/);
  });
});

describe('the MAC of a link end', () => {
  const end = (inner: number): LinkEnd => ({
    ...{ name: 'x', outer: parseIpv4('192.0.2.1'), local: undefined, mtu: undefined, networks: [] },
    inner: fromNumber(inner),
  });
  const first = toNumber(parseIpv4('10.3.0.1'));

  test('is unicast and locally administered, and unique in an island of ten thousand', () => {
    const macs = PEERS.map((_, index) => macOf('r2lab', end(first + index)));
    expect(new Set(macs).size).toBe(macs.length);
    for (const mac of macs) expect(mac).toMatch(/^02(?::[0-9a-f]{2}){5}$/);
  });

  test('is the same on every host that reads the file', () => {
    expect(macOf('r2lab', end(toNumber(parseIpv4('10.3.1.2'))))).toBe('02:f0:0a:03:01:02');
  });
});

describe('the priorities of the rules', () => {
  test('lie between those of local and main for every port, the lookup behind what it is exempt from', () => {
    for (let port = 1; port <= 65_535; port += 1) {
      const { exempt, exemptMain, lookup } = prioritiesOf(port);
      if (!(exempt > 0 && exempt < exemptMain && exemptMain < lookup && lookup < 32_766)) {
        throw new Error(`port ${port}: ${exempt}, ${exemptMain}, ${lookup}`);
      }
    }
  });

  test('are those of another island exactly when the ports clash', () => {
    expect(portsClash(10_310, 12_810)).toBe(true);
    expect(prioritiesOf(10_310)).toEqual(prioritiesOf(12_810));
    expect(portsClash(10_310, 10_311)).toBe(false);
    expect(prioritiesOf(10_311).exempt).toBeGreaterThan(prioritiesOf(10_310).lookup);
  });
});

describe('the tables', () => {
  test.each([1024, 10_310, 65_535])('of port %i are its own, and no reserved ones', (port) => {
    const tables = tablesOf(port);
    expect(tables).toContain(sideTableOf(port, 5));
    expect(new Set(tables).size).toBe(tables.length);
    for (const table of tables) {
      expect(isTableOf(port, table)).toBe(true);
      expect(isTableOf(port - 1, table)).toBe(false);
      // local, main, default and unspec.
      expect([0, 253, 254, 255]).not.toContain(table);
    }
  });

  test('of somebody else are not ours', () => {
    for (const table of [254, 51_820, 10_309, 10_310 + 65_536 * 8])
      expect(isTableOf(10_310, table)).toBe(false);
  });

  test('of nftables are named after the island', () => {
    expect(nftTableOf('r2lab')).toBe('island-r2lab');
  });
});
