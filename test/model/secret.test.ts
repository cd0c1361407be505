import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomMac } from '../../src/hub/secrets.ts';
import { linkNameOf, macOf } from '../../src/model/addressing.ts';
import { parseIpv4 } from '../../src/model/ip.ts';
import {
  isSecretMac,
  macNumber,
  secretMacOf,
  withoutPieces,
  withoutSecrets,
} from '../../src/model/secret.ts';
import { withSecretMac } from '../support/secret-macs.ts';

const bytes = fc.uint8Array({ minLength: 6, maxLength: 6 });

describe('a secret MAC', () => {
  test('is unicast, locally administered, and never one that everybody can derive', () => {
    fc.assert(
      fc.property(bytes, (random) => {
        const mac = secretMacOf(random);
        const first = Number.parseInt(mac.slice(0, 2), 16);
        expect(first & 0x03).toBe(0x02);
        expect(mac).not.toMatch(/^02:/);
        expect(isSecretMac(mac)).toBe(true);
        expect(mac.split(':').slice(1)).toEqual(
          [...random].slice(1).map((byte) => byte.toString(16).padStart(2, '0')),
        );
      }),
    );
  });

  test('of a hub is one of those, whatever the bytes, and none that is taken', () => {
    const drawn = [0, 0, 1].map((last) => Uint8Array.of(0, 0, 0, 0, 0, last));
    const mac = randomMac(
      () => drawn.shift() ?? new Uint8Array(6),
      (drew) => drew === '06:00:00:00:00:00',
    );
    expect(mac).toBe('06:00:00:00:00:01');
  });

  test('is hidden in any text, whatever stands beside it, as a MAC and as a number', () => {
    fc.assert(
      fc.property(bytes, fc.string(), fc.string(), (random, before, after) => {
        const mac = secretMacOf(random);
        for (const form of [mac, mac.toUpperCase(), macNumber(mac)]) {
          expect(withoutSecrets(`${before}${form}${after}`)).not.toContain(form);
        }
      }),
    );
  });

  test('has no part in any command that is shown, nor in what status says: all MACs show the same', () => {
    const shownOf = (random: Uint8Array) => withSecretMac(secretMacOf(random)).join('\n');
    const expected = shownOf(Uint8Array.of(6, 1, 2, 3, 4, 5));
    expect(expected).toContain('(secret)');
    fc.assert(
      fc.property(bytes, (random) => {
        expect(shownOf(random)).toBe(expected);
      }),
      { numRuns: 30 },
    );
  });
});

test('the MAC of a static link, an address, a VNI and a hash stay as they are', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 32 - 1), fc.nat(255), (number, octet) => {
      const inner = parseIpv4(`10.3.1.${octet}`);
      const end = { name: 'faraday', inner, outer: inner, local: undefined, mtu: undefined, networks: [] };
      const text = [
        macOf('r2lab', end),
        linkNameOf('r2lab', 'faraday'),
        `@th,96,32 0x${number.toString(16)}`,
        `[${number.toString(16).padStart(8, '0')}]`,
      ].join(' ');
      expect(withoutSecrets(text)).toBe(text);
    }),
  );
});

test('of what was cut out of a tool’s output no part of a MAC is left, however it was cut', () => {
  fc.assert(
    fc.property(bytes, fc.nat(14), fc.nat(17), (random, start, length) => {
      const mac = secretMacOf(random);
      const decimal = String(BigInt(macNumber(mac)));
      const cut = (text: string) => text.slice(start, start + Math.max(6, length));
      const [macPiece, decimalPiece] = [cut(mac), cut(decimal)];
      fc.pre(macPiece.length >= 6);
      const shown = withoutPieces(`"address":"${macPiece}","val":{"concat":[${decimalPiece}`);
      expect(shown).not.toContain(macPiece);
      if (decimalPiece.length > 3) expect(shown).not.toContain(decimalPiece);
    }),
  );
});
