import type { RecordType } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile, compileInSteps } from '../../src/dns/compile.ts';
import { respond, type Transport, WAYS } from '../../src/dns/wire.ts';
import { fromNumber, parseIpv4, toNumber } from '../../src/model/ip.ts';
import { compiledZones, namedZones } from '../support/dns/island.ts';
import { optRecord, queryFor, signature, summaryOf, withAdditional } from '../support/dns/packets.ts';

const ZONES = compiledZones();

function reply(query: Uint8Array, transport: Transport = 'udp', zones = ZONES): Uint8Array {
  const response = respond(zones, query, WAYS[transport]);
  if (response.kind === 'silence') throw new Error(`silence: ${response.reason}`);
  return response.bytes;
}

function said(...query: Parameters<typeof queryFor>): string {
  return summaryOf(reply(queryFor(...query)));
}

const REVERSE = '3.168.192.in-addr.arpa.';

describe('the answer', () => {
  test.each<readonly [name: string, type: RecordType | number, summary: string]>([
    ['fit01', 'A', 'NOERROR; aa rd; fit01 A 192.168.3.1'],
    ['FIT01', 'A', 'NOERROR; aa rd; FIT01 A 192.168.3.1'],
    ['faraday', 'A', 'NOERROR; aa rd; faraday A 192.168.3.100'],
    ['faraday-tunnel', 'A', 'NOERROR; aa rd; faraday-tunnel A 10.3.1.3'],
    ['fit01', 'AAAA', 'NOERROR; aa rd; (@ SOA 5)'],
    ['fit38', 'A', 'NXDOMAIN; aa rd; (@ SOA 5)'],
    ['x.fit01', 'A', 'NXDOMAIN; aa rd; (@ SOA 5)'],
    ['r2lab.internal.', 'SOA', 'NOERROR; aa rd; @ SOA sopnode-l1-tunnel hostmaster 7 10 5 3600 5'],
    ['r2lab.internal.', 'NS', 'NOERROR; aa rd; @ NS sopnode-l1-tunnel'],
    ['r2lab.internal.', 255, 'NOERROR; aa rd; @ SOA sopnode-l1-tunnel hostmaster 7 10 5 3600 5'],
    ['six', 255, 'NOERROR; aa rd; six AAAA fd00::1'],
    ['six', 'A', 'NOERROR; aa rd; six A 10.9.9.9'],
    ['note', 'TXT', 'NOERROR; aa rd; note TXT a "quote", a \\ and ü'],
    ['_ldap._tcp', 'SRV', 'NOERROR; aa rd; _ldap._tcp SRV 1 20 389 fit02'],
    ['_tcp', 'SRV', 'NOERROR; aa rd; (@ SOA 5)'],
    ['down.there', 'A', 'NOERROR; aa rd; (@ SOA 5)'],
    ['www', 'A', 'NOERROR; aa rd; www CNAME api; api CNAME fit01; fit01 A 192.168.3.1'],
    ['www', 'CNAME', 'NOERROR; aa rd; www CNAME api'],
    ['www', 255, 'NOERROR; aa rd; www CNAME api'],
    ['www', 'AAAA', 'NOERROR; aa rd; www CNAME api; api CNAME fit01; (@ SOA 5)'],
    ['later', 'A', 'NXDOMAIN; aa rd; later CNAME fit99; (@ SOA 5)'],
    ['out', 'A', 'NOERROR; aa rd; out CNAME www.example.com'],
    [`7.${REVERSE}`, 'PTR', 'NOERROR; aa rd; 7.3.168.192.in-addr.arpa PTR fit07'],
    [`99.${REVERSE}`, 'PTR', 'NXDOMAIN; aa rd; (3.168.192.in-addr.arpa SOA 5)'],
    ['3.1.3.10.in-addr.arpa.', 'PTR', 'NOERROR; aa rd; 3.1.3.10.in-addr.arpa PTR faraday-tunnel'],
    ['51.245.96.138.in-addr.arpa.', 'PTR', 'NOERROR; aa rd; 51.245.96.138.in-addr.arpa PTR sopnode-w1'],
    ['54.245.96.138.in-addr.arpa.', 'PTR', 'REFUSED; rd'],
    ['www.example.com.', 'A', 'REFUSED; rd'],
    ['internal.', 'A', 'REFUSED; rd'],
    ['xr2lab.internal.', 'A', 'REFUSED; rd'],
    ['r2lab.internal.', 251, 'REFUSED; rd'],
    ['r2lab.internal.', 252, 'NOTIMP; rd'],
    ['fit01', 251, 'NOTAUTH; rd'],
  ])('to %s %s is %s', (name, type, summary) => {
    expect(said(name, type)).toBe(summary);
  });

  test('is the same for class ANY, and none for others', () => {
    expect(said('fit01', 'A', { class: 255 })).toBe('NOERROR; aa rd; fit01 A 192.168.3.1');
    for (const other of [0, 3, 4, 254]) expect(said('fit01', 'A', { class: other })).toBe('REFUSED; rd');
  });

  test('follows no more than seven aliases, and who asks goes on from there', () => {
    const fit01 = Buffer.of(192, 168, 3, 1);
    const [seven, eight] = ['long7', 'long8'].map((name) => Buffer.from(reply(queryFor(name))));
    expect([seven, eight].map((each) => each && summaryOf(each))).toEqual(
      Array(2).fill('NOERROR; aa rd; 8 answers'),
    );
    expect([seven, eight].map((each) => each?.includes(fit01))).toEqual([true, false]);
  });

  test('over TCP is everything that there is, and to who wants a whole zone that it is not here', () => {
    const over = (...query: Parameters<typeof queryFor>) => summaryOf(reply(queryFor(...query), 'tcp'));
    expect(over('to-crowd')).toBe('NOERROR; aa rd; 201 answers');
    expect(over('r2lab.internal.', 252)).toBe('REFUSED; rd');
    expect(over('fit01', 252)).toBe('NOTAUTH; rd');
  });
});

describe('where the workers are not known', () => {
  const partial = compiledZones({ workers: undefined });
  const saidPartly = (...query: Parameters<typeof queryFor>) =>
    summaryOf(reply(queryFor(...query), 'udp', partial));

  test('nobody hears that there is no such name', () => {
    for (const name of ['fit38', 'x.fit01', 'later']) expect(saidPartly(name)).toBe('SERVFAIL; rd');
    expect(saidPartly('99.1.3.10.in-addr.arpa.', 'PTR')).toBe('SERVFAIL; rd');
  });

  test('what the file has is answered', () => {
    expect(saidPartly('www')).toBe(said('www'));
    expect(saidPartly('fit01', 'AAAA')).toBe(said('fit01', 'AAAA'));
    expect(saidPartly(`99.${REVERSE}`, 'PTR')).toBe(said(`99.${REVERSE}`, 'PTR'));
  });

  test('they are answered once they are', () => {
    const zones = compiledZones({ workers: [{ name: 'fit99', inner: parseIpv4('10.3.1.64') }] });
    const now = (...query: Parameters<typeof queryFor>) => summaryOf(reply(queryFor(...query), 'udp', zones));
    expect(now('later')).toBe('NOERROR; aa rd; later CNAME fit99; fit99 A 10.3.1.64');
    expect(now('fit99-tunnel')).toBe('NOERROR; aa rd; fit99-tunnel A 10.3.1.64');
    expect(now('64.1.3.10.in-addr.arpa.', 'PTR')).toBe('NOERROR; aa rd; 64.1.3.10.in-addr.arpa PTR fit99');
    expect(now('fit98')).toBe('NXDOMAIN; aa rd; (@ SOA 5)');
  });
});

describe('a datagram', () => {
  test.each<readonly [name: string, size: number | undefined, summary: string]>([
    ['few', undefined, 'NOERROR; aa tc rd'],
    ['few', 0, 'NOERROR; aa tc rd; OPT'],
    ['few', 542, 'NOERROR; aa tc rd; OPT'],
    ['few', 543, 'NOERROR; aa rd; 31 answers; OPT'],
    ['many', 1168, 'NOERROR; aa rd; 70 answers; OPT'],
    ['crowd', 65_535, 'NOERROR; aa tc rd; OPT'],
    ['to-crowd', 4096, 'NOERROR; aa tc rd; to-crowd CNAME crowd; OPT'],
  ])('for %s and who takes %s bytes is %s', (name, size, summary) => {
    const query = queryFor(name, 'A', size === undefined ? {} : { edns: { size } });
    expect(summaryOf(reply(query))).toBe(summary);
    expect(reply(query).length).toBeLessThanOrEqual(Math.min(1232, Math.max(512, size ?? 512)));
  });
});

describe('EDNS', () => {
  const opt = (...query: Parameters<typeof queryFor>) => Buffer.from(reply(queryFor(...query))).subarray(-11);

  test('is answered with 1232 bytes, version 0 and no options', () => {
    const data = Buffer.from('000a00080102030405060708', 'hex');
    expect(opt('fit01', 'A', { edns: { size: 4096, data } }).toString('hex')).toBe('00002904d0000000000000');
    expect(opt('fit01', 'A', { edns: { flags: 0xffff } }).toString('hex')).toBe('00002904d0000080000000');
  });

  test('of a version to come is BADVERS, whatever its options are', () => {
    const edns = { version: 1, data: Buffer.from('0064ffff', 'hex') };
    expect(said('fit01', 'A', { edns })).toBe('BADVERS; rd; OPT');
    expect(opt('fit01', 'A', { edns }).toString('hex')).toBe('00002904d0010000000000');
  });

  test.each<readonly [what: string, rest: Buffer, count: number]>([
    ['there twice', Buffer.concat([optRecord({}), optRecord({})]), 2],
    ['that is cut', optRecord({}).subarray(0, 9), 1],
    ['with an option that is cut', optRecord({ data: Buffer.from('00640002aa', 'hex') }), 1],
    ['with half an option', optRecord({ data: Buffer.from('0064', 'hex') }), 1],
    ['with something behind it', Buffer.concat([optRecord({}), Buffer.alloc(1)]), 1],
    ['with an owner', Buffer.concat([Buffer.from('0161', 'hex'), optRecord({})]), 1],
    ['that is not counted', optRecord({}), 0],
    ['that is only counted', Buffer.alloc(0), 1],
  ])('%s is a fault', (_, rest, count) => {
    const query = withAdditional(queryFor('fit01'), rest, count);
    expect(Buffer.from(reply(query)).toString('hex')).toBe('123481010000000000000000');
  });
});

describe('a packet that is no query', () => {
  test('is not answered: what is short, and what is an answer', () => {
    const answer = Buffer.from(reply(queryFor('fit01')));
    expect(respond(ZONES, answer, WAYS.udp)).toEqual({ kind: 'silence', reason: 'response' });
    expect(respond(ZONES, answer.subarray(0, 11), WAYS.tcp)).toEqual({ kind: 'silence', reason: 'short' });
  });

  test('of another opcode is answered with twelve bytes', () => {
    for (let opcode = 1; opcode < 16; opcode += 1) {
      const query = queryFor('fit01', 'A', { flags: (opcode << 11) | 0x01b0 });
      expect([...reply(query)]).toEqual([0x12, 0x34, 0x81 | (opcode << 3), 4, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
  });

  test('with counts that it does not hold is answered before anything is looked for', () => {
    for (const at of [4, 6, 8, 10]) {
      const query = queryFor('fit01');
      query.writeUInt16BE(0xffff, at);
      expect(respond(ZONES, query, WAYS.udp)).toMatchObject({ kind: 'reply', type: 0, rcode: 1 });
    }
  });

  test('is told that there are no keys, where it is signed with one', () => {
    for (const edns of [undefined, {}]) {
      const unsigned = queryFor('fit01', 'A', edns && { edns });
      const query = withAdditional(unsigned, signature(), edns === undefined ? 1 : 2);
      expect(summaryOf(reply(query))).toBe(`NOTAUTH; rd${edns === undefined ? '' : '; OPT'}`);
      expect(summaryOf(reply(Buffer.concat([query, Buffer.alloc(1)])))).toBe('FORMERR; rd');
    }
  });
});

describe('any bytes', () => {
  const label = fc.uint8Array({ minLength: 1, maxLength: 63 });
  const ending = fc.constantFrom('r2lab.internal', '3.168.192.in-addr.arpa', 'internal', '');
  const name = fc
    .tuple(fc.array(label, { maxLength: 4 }), ending)
    .map(([labels, end]) => [
      ...labels,
      ...(end === '' ? [] : end.split('.').map((each) => Buffer.from(each))),
    ])
    .filter((labels) => labels.reduce((sum, { length }) => sum + length + 1, 1) <= 255)
    .map((labels) =>
      Buffer.concat([...labels.map((each) => Buffer.from([each.length, ...each])), Buffer.alloc(1)]),
    );

  test('are answered or not, and never with more than a datagram holds', () => {
    const transports = fc.constantFrom<Transport>('udp', 'tcp');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), transports, (bytes, transport) => {
        const response = respond(ZONES, bytes, WAYS[transport]);
        if (response.kind === 'silence') return bytes.length < 12 || (bytes[2] ?? 0) >= 0x80;
        return response.bytes.length <= 1232;
      }),
      { numRuns: 2000 },
    );
  });

  test('of a name come back as they are, with the id', () => {
    fc.assert(
      fc.property(name, fc.nat(0xffff), fc.constantFrom(1, 12, 255), (bytes, id, type) => {
        const head = Buffer.from('000001000001000000000000', 'hex');
        head.writeUInt16BE(id);
        const query = Buffer.concat([head, bytes, Buffer.from([0, type, 0, 1])]);
        const answer = Buffer.from(reply(query));
        expect(answer.subarray(0, 2)).toEqual(query.subarray(0, 2));
        expect(answer.subarray(12, query.length)).toEqual(query.subarray(12));
        expect(['NOERROR', 'NXDOMAIN', 'REFUSED']).toContain(summaryOf(answer).split(';')[0]);
      }),
      { numRuns: 1000 },
    );
  });

  test('in letters of any case are one name', () => {
    const text = 'fit07.r2lab.internal.';
    const places = fc.subarray([...text].map((_, index) => index));
    fc.assert(
      fc.property(places, (uppers) => {
        const mixed = [...text].map((each, at) => (uppers.includes(at) ? each.toUpperCase() : each));
        return said(mixed.join('')).endsWith(' A 192.168.3.7');
      }),
    );
  });

  test('with a dot in a label, or a letter beyond ASCII, are another name', () => {
    const query = queryFor('fit01');
    const other = Buffer.from(query);
    other[12] = 11;
    other.write('.', 18);
    expect(summaryOf(reply(query))).toContain('192.168.3.1');
    expect(respond(ZONES, other, WAYS.udp)).toMatchObject({ kind: 'reply', rcode: 5 });
    const high = Buffer.from(query);
    high[13] = 0xe6;
    expect(respond(ZONES, high, WAYS.udp)).toMatchObject({ kind: 'reply', rcode: 3 });
  });
});

test('a compilation in steps says what it has only at its end, and the same', () => {
  const zones = namedZones({ workers: manyWorkers() });
  const steps = [...compileInSteps(zones)];
  expect(steps.length).toBeGreaterThan(2);
  const query = queryFor('w300');
  const zonesAtOnce = compile(zones);
  expect(summaryOf(reply(query, 'udp', zonesAtOnce))).toBe('NOERROR; aa rd; w300 A 10.3.2.44');
});

function manyWorkers() {
  return Array.from({ length: 400 }, (_, index) => ({
    name: `w${index}`,
    inner: fromNumber(toNumber(parseIpv4('10.3.1.0')) + index),
  }));
}
