import { bytes, concat, name, packet, question, record, TYPES } from './packet.ts';
import { ask, HOST, type Question, REVERSE, ZONE } from './question.ts';

/** Every type, of names that have it and of names that do not; sets that are too large; transfers. */
export function typeQuestions(): readonly Question[] {
  return [...ofTypes(), ...ofSizes(), ...ofTransfers()];
}

function ofTypes(): readonly Question[] {
  return [
    ask('A of a host', HOST),
    ask('A of a peer', `faraday.${ZONE}`),
    ask('A of the inner name of a peer', `faraday-tunnel.${ZONE}`),
    ask('A of a worker', `fit38.${ZONE}`),
    ask('A of a name with three', `pool.${ZONE}`),
    ask('AAAA of a name that has one', `pool.${ZONE}`, 'AAAA'),
    ask('AAAA of a host, which has none', HOST, 'AAAA'),
    ask('TXT with quotes and bytes above 127', `note.${ZONE}`, 'TXT'),
    ask('A of a host that has a TXT', `fit08.${ZONE}`),
    ask('TXT of a host that has one', `fit08.${ZONE}`, 'TXT'),
    ask('A of the inner name of a worker', `laptop-tunnel.${ZONE}`),
    ask('PTR of a worker', '64.1.3.10.in-addr.arpa', 'PTR'),
    ask('TXT of a host, which has none', HOST, 'TXT'),
    ask('SRV', `_ldap._tcp.${ZONE}`, 'SRV'),
    ask('SRV of a host, which has none', HOST, 'SRV'),
    ask('PTR of a host', `7.${REVERSE}`, 'PTR'),
    ask('PTR of an inner address', '3.1.3.10.in-addr.arpa', 'PTR'),
    ask('PTR of an address that no host has', `250.${REVERSE}`, 'PTR'),
    ask('A at the name of a PTR', `7.${REVERSE}`),
    ask('ANY at the name of a PTR', `7.${REVERSE}`, 'ANY'),
    ask('PTR of the public address of a host', '51.245.96.138.in-addr.arpa', 'PTR'),
    ask('NS of the zone', ZONE, 'NS'),
    ask('SOA of the zone', ZONE, 'SOA'),
    ask('TXT of the zone', ZONE, 'TXT'),
    ask('A of the zone, which has none', ZONE),
    ask('SOA of a reverse zone', REVERSE, 'SOA'),
    ask('NS of a reverse zone', REVERSE, 'NS'),
    ask('PTR of a reverse zone', REVERSE, 'PTR'),
    ask('SOA of a host', HOST, 'SOA'),
    ask('NS of a host', HOST, 'NS'),
    ask('DS of the zone', ZONE, 'DS'),
    ask('DNSKEY of the zone', ZONE, 'DNSKEY'),
    ask('DS of a host', HOST, 'DS'),
    ask('ANY of a host', HOST, 'ANY'),
    ask('ANY of the zone', ZONE, 'ANY'),
    ask('ANY of a reverse zone', REVERSE, 'ANY'),
    ask('ANY of a public address', '51.245.96.138.in-addr.arpa', 'ANY'),
    ask('ANY of a host with A and TXT', `fit08.${ZONE}`, 'ANY'),
    ask('ANY of a name with AAAA and A', `pool.${ZONE}`, 'ANY'),
    ask('ANY of a name that is not there', `nobody.${ZONE}`, 'ANY'),
    ask('ANY of an empty non-terminal', `_tcp.${ZONE}`, 'ANY'),
    ...[
      TYPES.MX,
      TYPES.HINFO,
      TYPES.HTTPS,
      TYPES.RRSIG,
      TYPES.NSEC,
      TYPES.DNAME,
      TYPES.SIG,
      731,
      1000,
      65_280,
      65_535,
    ].map((type) => ask(`type ${type} of a host`, HOST, type)),
    ...[0, TYPES.OPT, TYPES.TSIG, TYPES.MAILB, 128, 249, 254].map((type) =>
      ask(`the type ${type}, which no record has`, HOST, type),
    ),
    ask('type 1000 of a name that is not there', `nobody.${ZONE}`, 1000),
  ];
}

function ofSizes(): readonly Question[] {
  return ['big', 'huge', 'vast'].flatMap((each) => [
    ask(`TXT too large for UDP without EDNS: ${each}`, `${each}.${ZONE}`, 'TXT'),
    ask(`ANY too large for UDP without EDNS: ${each}`, `${each}.${ZONE}`, 'ANY'),
    ask(`an alias to what is too large: ${each}`, `${each}-alias.${ZONE}`, 'TXT'),
  ]);
}

function ofTransfers(): readonly Question[] {
  return [
    ask('AXFR', ZONE, 'AXFR'),
    ask('AXFR of a host', HOST, 'AXFR'),
    ask('AXFR of a zone that is not there', 'example.org', 'AXFR'),
    ask('IXFR without a serial', ZONE, 'IXFR'),
    ask('IXFR of a host', HOST, 'IXFR'),
    ask('IXFR of a zone that is not there', 'example.org', 'IXFR'),
    {
      title: 'IXFR with a serial',
      query: packet({
        questions: [question(ZONE, 'IXFR')],
        authorities: [record({ owner: ZONE, type: 'SOA', data: SOA })],
      }),
    },
  ];
}

/** Two names, and the five numbers, of which the first is the serial. */
const SOA = concat(name('x'), name('y'), bytes('00000001 00000001 00000001 00000001 00000001'));
