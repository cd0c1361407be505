import { describe, expect, test } from 'vitest';
import { loadIsland } from '../../src/config/load.ts';
import { networkOf, placeOf, roleOf } from '../../src/model/place.ts';
import { modelFile } from '../support/island.ts';
import { ipv4 } from '../support/observed.ts';

const CLOUD = `  - { name: cloud1, outer: 203.0.113.7, local: 10.66.0.5, inner: 10.3.1.4 }
`;
const ISLAND = loadIsland(modelFile('ipip', CLOUD), 'r2lab.yaml');

function place(hostname: string, addresses: readonly string[] = [], name?: string) {
  return placeOf(ISLAND, { hostname, addresses: addresses.map(ipv4), name });
}

function summary(...args: Parameters<typeof place>): string {
  const found = place(...args);
  return `${found.name}: ${roleOf(found)}, ${found.reason}`;
}

describe('a host finds its place', () => {
  test.each<[string, Parameters<typeof place>, string]>([
    ['by the name that the operator gives', ['x', [], 'faraday'], 'faraday: gateway, named faraday'],
    ['by its hostname as the hub', ['sopnode-l1'], 'sopnode-l1: hub, its hostname is sopnode-l1'],
    ['by its hostname as a peer', ['cloud1'], 'cloud1: peer, its hostname is cloud1'],
    [
      'by the first label of a full hostname',
      ['faraday.inria.fr'],
      'faraday: gateway, its hostname is faraday.inria.fr',
    ],
    ['by its hostname as a member', ['fit07'], 'fit07: member, its hostname is fit07'],
    [
      "by the hub's outer address",
      ['localhost', ['138.96.245.50']],
      "sopnode-l1: hub, its address 138.96.245.50 is the hub's outer address",
    ],
    [
      "by a peer's outer address",
      ['localhost', ['192.168.3.100', '138.96.16.97']],
      'faraday: gateway, its address 138.96.16.97 is the outer address of faraday',
    ],
    [
      'by the address of an entry of hosts',
      ['localhost', ['192.168.3.7']],
      'fit07: member, its address 192.168.3.7 is that of fit07',
    ],
    [
      'by an address in a network',
      ['visitor', ['172.17.0.1', '192.168.2.99']],
      'visitor: member, its address 192.168.2.99 is in 192.168.2.0/24',
    ],
  ])('%s', (_, args, expected) => {
    expect(summary(...args)).toBe(expected);
  });

  test("by a peer's own address behind a cloud's NAT", () => {
    expect(summary('ip-10-66-0-5', ['10.66.0.5'])).toBe(
      'cloud1: peer, its address 10.66.0.5 is the local address of cloud1',
    );
  });

  test('by its name before its addresses', () => {
    expect(place('fit07', ['138.96.16.97'])).toMatchObject({ role: 'member', name: 'fit07' });
    expect(place('fit07', ['138.96.16.97'], 'faraday')).toMatchObject({ role: 'peer', name: 'faraday' });
  });

  test('as a member with the network, the gateway and the entry that belong to it', () => {
    expect(place('fit07')).toMatchObject({
      gateway: { name: 'faraday' },
      network: { gateway: '192.168.3.100' },
      address: '192.168.3.7',
      host: { name: 'fit07' },
    });
  });
});

describe('a host has no place', () => {
  test('when neither name nor address is in the file, and hears which were tried', () => {
    expect(place('laptop', ['192.168.77.2'])).toEqual({
      role: 'none',
      name: 'laptop',
      reason: 'neither its hostname laptop nor its addresses 192.168.77.2 are in the island',
    });
    expect(place('laptop')).toMatchObject({ reason: expect.stringContaining('addresses (none)') });
  });

  test('when it is given a name that nobody has, whatever its own', () => {
    expect(place('faraday', ['138.96.16.97'], 'faradey')).toEqual({
      role: 'none',
      name: 'faradey',
      reason: 'no host of r2lab is named faradey',
    });
  });
});

test('the network of an address is known with the end that serves it', () => {
  expect(networkOf(ISLAND, ipv4('192.168.2.9'))?.end.name).toBe('faraday');
  expect(networkOf(ISLAND, ipv4('138.96.245.9'))?.end.name).toBe('sopnode-l1');
  expect(networkOf(ISLAND, ipv4('8.8.8.8'))).toBeUndefined();
});
