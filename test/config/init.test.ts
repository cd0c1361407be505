import { describe, expect, test } from 'vitest';
import { type InitOptions, starterFile } from '../../src/app/init.ts';
import { checkConfig, loadIsland } from '../../src/config/load.ts';
import { IslandError } from '../../src/errors.ts';

describe('starterFile', () => {
  const valid: readonly InitOptions[] = [
    {},
    { name: 'lab', link: 'vxlan', port: 10_400 },
    { name: 'lab', hub: 'a=192.0.2.1' },
    { name: 'lab', subnet: '10.8.0.0/16', hub: '08=192.0.2.1,192.0.2.0/24', peers: ['b=198.51.100.2'] },
    { hub: 'on=192.0.2.1', peers: ['b=198.51.100.2,192.168.1.0/24@192.168.1.1', 'c=198.51.100.3'] },
  ];

  test.each(valid)('writes a valid file for %j', (options) => {
    expect(checkConfig(starterFile(options))).toEqual([]);
  });

  test('shows the model island when no flag says otherwise', () => {
    const island = loadIsland(starterFile(), 'r2lab.yaml');
    expect(island.hub.name).toBe('sopnode-l1');
    expect(island.peers.map(({ name }) => name)).toEqual(['faraday']);
    expect(island.hosts).toHaveLength(39);
  });

  test('gives inner addresses in the order of the flags', () => {
    const text = starterFile({
      subnet: '10.9.0.0/24',
      hub: 'a=192.0.2.1',
      peers: ['b=198.51.100.2', 'c=198.51.100.3'],
    });
    const { hub, peers } = loadIsland(text, 'r2lab.yaml');
    expect([hub, ...peers].map(({ name, inner }) => `${name} ${inner}`)).toEqual([
      'a 10.9.0.2',
      'b 10.9.0.3',
      'c 10.9.0.4',
    ]);
  });

  test('is valid with every section that it shows in a comment', () => {
    const shown = starterFile({ hub: 'a=192.0.2.1' })
      .replace('peers: []\n', '')
      .replaceAll(/^# (?=peers:|hosts:|workers:|zone:|mtu:|forwarding:| {2})/gm, '')
      .replace(/ {2}- \{ name: sopnode-w1.*\n/, '')
      .replace(/ {2}- \{ name: pdu.*\n/, '')
      .replace(/^ {2}- \{ name: apiserver.*\n/m, '');
    expect(checkConfig(shown)).toEqual([]);
  });

  const wrong: readonly (readonly [InitOptions, string, string])[] = [
    [{ name: 'R2Lab' }, 'island: not a name for an island, "R2Lab"', 'lower-case'],
    [{ name: 'a\nb: 1' }, 'island: not a name for an island, "', 'lower-case'],
    [{ subnet: '10.3.1.1/24' }, 'subnet: address bits behind the prefix, "10.3.1.1/24"', '10.3.1.0/24'],
    [{ port: 4789 }, 'port: port belongs to the vxlan devices of CNIs, "4789"', '10310'],
    [{ hub: 'a' }, 'not a host of an island: "a"', 'NAME=OUTER'],
    [{ hub: 'a=192.0.2.300' }, 'hub.outer: not an IPv4 address, "192.0.2.300"', '0 to 255'],
    [{ hub: 'a=192.0.2.1,10.0.0.0/24' }, 'hub.networks[0].gateway: missing', 'gateway'],
    [{ peers: ['b=192.0.2.1'] }, 'a peer without a hub: "b=192.0.2.1"', '--hub'],
    [
      { subnet: '10.3.1.0/30', hub: 'a=192.0.2.1', peers: ['b=192.0.2.2'] },
      'peers[0].inner: ',
      '10.3.1.0/30',
    ],
  ];

  test.each(wrong)('refuses the flags %j: %s', (options, message, hint) => {
    expect(() => starterFile(options)).toThrow(
      expect.objectContaining({
        code: 'E_USAGE',
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
      }),
    );
    expect(() => starterFile(options)).toThrow(IslandError);
  });
});
