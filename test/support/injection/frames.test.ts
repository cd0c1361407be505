import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  arp,
  checksum,
  ETHERTYPE,
  ethernet,
  fragments,
  gre,
  type Ipv4Packet,
  ipv4,
  ipv6,
  udp,
  vlan,
  vxlan,
} from './frames.ts';

const packet: Ipv4Packet = {
  source: '192.168.0.1',
  destination: '192.168.0.199',
  protocol: 17,
  payload: Buffer.from('0123456789abcdef0123456789abcdef', 'hex'),
  id: 7,
};

describe('an IPv4 packet', () => {
  test('has the checksum that others compute for the same header', () => {
    // An example that many texts use.
    const header = Buffer.from('450000730000400040110000c0a80001c0a800c7', 'hex');
    expect(checksum(header)).toBe(0xb861);
    expect(checksum(Buffer.from('0001f203f4f5f6f7', 'hex'))).toBe(0x220d);
    expect(checksum(Buffer.from('010203', 'hex'))).toBe(checksum(Buffer.from('01020300', 'hex')));
  });

  test('says how long it and its header are, and sums up to nothing', () => {
    const words = fc.uint8Array({ maxLength: 10 }).map((bytes) => Buffer.alloc(bytes.length * 4, bytes));
    fc.assert(
      fc.property(words, fc.uint8Array({ maxLength: 2000 }), (options, payload) => {
        const bytes = ipv4({ ...packet, options, payload: Buffer.from(payload) });
        const header = bytes.subarray(0, ((bytes[0] ?? 0) & 0x0f) * 4);
        expect(header.length).toBe(20 + options.length);
        expect(bytes.readUInt16BE(2)).toBe(bytes.length);
        expect(checksum(header)).toBe(0);
      }),
    );
  });

  test('is cut into fragments that are put together to what it was', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.uint8Array({ minLength: 1, maxLength: 2000 }),
        (n, rest) => {
          const payload = Buffer.concat([Buffer.alloc(8 * n, 'x'), rest]);
          const [first, last] = fragments({ ...packet, payload }, 8 * n).map(ipv4);
          expect(flagsOf(first)).toEqual({ more: true, offset: 0 });
          expect(flagsOf(last)).toEqual({ more: false, offset: 8 * n });
          expect([first?.readUInt16BE(4), last?.readUInt16BE(4)]).toEqual([7, 7]);
          expect(
            Buffer.concat([first?.subarray(20) ?? '', last?.subarray(20) ?? ''].map(Buffer.from)),
          ).toEqual(payload);
        },
      ),
    );
  });
});

function flagsOf(bytes: Buffer | undefined) {
  const field = bytes?.readUInt16BE(6) ?? 0;
  return { more: (field & 0x2000) !== 0, offset: (field & 0x1fff) * 8 };
}

describe('byte for byte', () => {
  const payload = Buffer.from('ff', 'hex');

  test.each([
    ['a datagram', udp({ from: 0x1234, to: 10310 }, payload), '1234 2846 0009 0000 ff'],
    ['what a vxlan port is sent', vxlan(0x010203, payload), '08000000 010203 00 ff'],
    ['GRE', gre(payload), '0000 0800 ff'],
    [
      'a tagged frame',
      ethernet('ff:ff:ff:ff:ff:ff', '02:00:00:00:00:01', {
        type: ETHERTYPE.vlan,
        payload: vlan(5, { type: ETHERTYPE.ipv4, payload }),
      }),
      'ffffffffffff 020000000001 8100 0005 0800 ff',
    ],
    [
      'an ARP request',
      arp('02:00:00:00:00:01', '10.3.1.3', '10.3.1.2'),
      '0001 0800 06 04 0001 020000000001 0a030103 000000000000 0a030102',
    ],
    [
      'IPv6',
      ipv6(`fe80${'0'.repeat(27)}1`, `ff02${'0'.repeat(27)}1`, payload),
      `60000000 0001 11 40 fe80${'0'.repeat(27)}1 ff02${'0'.repeat(27)}1 ff`,
    ],
  ])('%s is as its RFC draws it', (_, bytes, expected) => {
    expect(bytes.toString('hex')).toBe(expected.replaceAll(' ', ''));
  });
});
