import { expect, test } from 'vitest';
import { loadIsland } from '../../src/config/load.ts';
import { placeOf } from '../../src/model/place.ts';
import { responderAddresses } from '../../src/model/responder.ts';
import { modelFile } from '../support/island.ts';
import { ipv4 } from '../support/observed.ts';

const PLAIN = loadIsland(modelFile('vxlan'), 'r2lab.yaml');
const FARADAY = '192.168.3.100';
/** That of a host of the file, and one that moves between machines. */
const [FIT05, FLOATING] = ['192.168.3.5', '192.168.3.99'];

function addresses(hostname: string, listen: readonly string[], carried: readonly string[] = []) {
  const island = { ...PLAIN, dns: { ...PLAIN.dns, listen: listen.map(ipv4) } };
  const place = placeOf(island, { hostname, addresses: carried.map(ipv4) });
  if (place.role === 'none') throw new Error(place.reason);
  return responderAddresses(island, place, carried.map(ipv4));
}

test('an end answers on its inner address, and on what the file lists of its own, carried or not yet', () => {
  expect(addresses('faraday', [])).toEqual(['10.3.1.3']);
  const listen = [FARADAY, '192.168.2.100', FIT05, FLOATING, '138.96.245.50', '127.0.0.1', '10.3.1.3'];
  expect(addresses('faraday', listen)).toEqual([
    ...['10.3.1.3', FARADAY, '192.168.2.100', FLOATING, '127.0.0.1'],
  ]);
  expect(addresses('sopnode-l1', listen)).toEqual(['10.3.1.2', '138.96.245.50', '127.0.0.1']);
});

test('a member answers only where the file lists an address of its own, or loopback', () => {
  expect(addresses('fit05', [])).toEqual([]);
  expect(addresses('fit05', [FARADAY, FIT05, FLOATING])).toEqual([FIT05]);
  expect(addresses('fit05', ['127.0.0.53', FLOATING], [FIT05, FLOATING])).toEqual(['127.0.0.53', FLOATING]);
});
