import { describe, expect, test } from 'vitest';
import { linkWith, ownAddresses } from '../../src/plan/observed.ts';
import { onLinkOf } from '../../src/plan/routes.ts';
import { underlayMtu, underlayOf } from '../../src/plan/underlay.ts';
import { ipv4, link, observed, route } from '../support/observed.ts';

const TARGET = ipv4('138.96.245.50');
const eth0 = link('eth0', ['198.51.100.9/24']);
const wlan0 = link('wlan0', ['10.0.0.2/8', '192.168.1.2/24'], { mtu: 1400 });
const VIA_ETH0 = route('default', { link: 'eth0', nextHop: ipv4('198.51.100.1') });
const VIA_WLAN0 = route('default', { link: 'wlan0', nextHop: ipv4('192.168.1.1') });

describe('the way to an outer address', () => {
  test('is the default route, with the address in the subnet of its next hop as source', () => {
    const host = observed([eth0, wlan0], { routes: [VIA_WLAN0] });
    expect(underlayOf(host)(TARGET)).toEqual({
      ...{ link: 'wlan0', nextHop: '192.168.1.1', source: '192.168.1.2', mtu: 1400 },
    });
  });

  test('is the longest of the matching routes', () => {
    const longer = route('138.96.0.0/16', { link: 'wlan0', nextHop: ipv4('192.168.1.1') });
    const host = observed([eth0, wlan0], { routes: [VIA_ETH0, longer] });
    expect(underlayOf(host)(TARGET)?.link).toBe('wlan0');
    expect(underlayOf(host)(ipv4('8.8.8.8'))?.link).toBe('eth0');
  });

  test('is the one of the lowest metric among routes to the same range, whatever their order', () => {
    const routes = [
      { ...VIA_ETH0, metric: 600 },
      { ...VIA_WLAN0, metric: 100 },
    ];
    expect(underlayOf(observed([eth0, wlan0], { routes }))(TARGET)?.link).toBe('wlan0');
    expect(underlayOf(observed([eth0, wlan0], { routes: routes.toReversed() }))(TARGET)?.link).toBe('wlan0');
  });

  test('has the source and the MTU that the route itself names', () => {
    const own = { ...VIA_WLAN0, source: ipv4('10.0.0.2'), mtu: 1280 };
    expect(underlayOf(observed([wlan0], { routes: [own] }))(TARGET)).toMatchObject({
      ...{ source: '10.0.0.2', mtu: 1280 },
    });
  });

  test('leads directly to a neighbour', () => {
    expect(underlayOf(observed([eth0]))(ipv4('198.51.100.7'))).toEqual({
      ...{ link: 'eth0', nextHop: undefined, source: '198.51.100.9', mtu: 1500 },
    });
  });

  test('has the first address of the link where the next hop is in none of its subnets', () => {
    const far = route('default', { link: 'eth0', nextHop: ipv4('169.254.1.1'), onlink: true });
    expect(underlayOf(observed([eth0], { routes: [far] }))(TARGET)?.source).toBe('198.51.100.9');
  });

  test.each([
    ['there is no route', []],
    ['the longest route is a blackhole', [VIA_ETH0, route('138.96.245.0/24', { type: 'blackhole' })]],
    ['the route is in another table', [{ ...VIA_ETH0, table: 100 }]],
    ['the link of the route is gone', [{ ...VIA_ETH0, link: 'ppp0' }]],
  ])('is unknown when %s', (_, routes) => {
    expect(underlayOf(observed([eth0], { routes }))(TARGET)).toBeUndefined();
  });

  test("never goes through an island's link", () => {
    const isl = link('isl-sopn-1ycmgm', ['10.3.1.3/32'], { group: 10_310, kind: 'ipip' });
    const tunnelled = route('138.96.245.0/24', { link: isl.name });
    const host = observed([eth0, isl], { routes: [VIA_ETH0, tunnelled] });
    expect(underlayOf(host)(TARGET)?.link).toBe('eth0');
    expect(ownAddresses(host)).toEqual(['198.51.100.9']);
  });

  test("does go through somebody else's link whose name begins as ours do", () => {
    const islander = link('isl-and', ['10.9.0.2/24']);
    const routes = [route('default', { link: 'isl-and', nextHop: ipv4('10.9.0.1') })];
    expect(underlayOf(observed([islander], { routes }))(TARGET)?.link).toBe('isl-and');
  });
});

describe('the MTU of the underlay', () => {
  test('is that of the link with the local address while the uplink has no route', () => {
    const host = observed([eth0, wlan0]);
    expect(underlayMtu(host, underlayOf(host), { target: TARGET, local: ipv4('192.168.1.2') })).toBe(1400);
    expect(linkWith(host, ipv4('192.168.1.2'))?.name).toBe('wlan0');
  });

  test('is unknown where neither tells', () => {
    const host = observed([eth0]);
    const ends = { target: TARGET, local: ipv4('203.0.113.7') };
    expect(underlayMtu(host, underlayOf(host), ends)).toBeUndefined();
  });
});

describe('the link on which an address is a neighbour', () => {
  test('is that of the longest connected subnet, and then of the lowest metric', () => {
    const wide = link('wide', ['192.168.0.2/16']);
    const narrow = link('narrow', ['192.168.3.2/24']);
    const host = observed([wide, narrow]);
    expect(onLinkOf(host, ipv4('192.168.3.100'))).toEqual({ link: 'narrow', source: '192.168.3.2' });
    expect(onLinkOf(host, ipv4('192.168.4.100'))).toEqual({ link: 'wide', source: '192.168.0.2' });

    const twice = observed([link('wlan0', ['192.168.3.3/24']), narrow]);
    const routes = twice.routes.map((own) => (own.link === 'wlan0' ? { ...own, metric: 600 } : own));
    expect(onLinkOf({ ...twice, routes }, ipv4('192.168.3.100'))?.link).toBe('narrow');
  });

  test('is none for what is behind a router', () => {
    expect(onLinkOf(observed([eth0], { routes: [VIA_ETH0] }), TARGET)).toBeUndefined();
  });
});
