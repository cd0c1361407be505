/** A query of RFC 8906 section 8, or of ISC's report on EDNS compliance, and what has to come back. */
export interface Compliance {
  readonly title: string;
  /** Behind `dig @server`. */
  readonly query: string;
  readonly reply: DigReply;
}

/** A reply as dig prints it. */
export interface DigReply {
  readonly status: string;
  readonly opcode: string;
  /** Bits of the header; with one that must be zero it ends in `MBZ`. */
  readonly flags: string;
  /** Types of the records in the answer section. */
  readonly answer: readonly string[];
  /** `0 do`: version and flags; undefined without OPT. */
  readonly edns: string | undefined;
  /** Options, by the names that dig has for them. */
  readonly options: readonly string[];
}

const SOA: DigReply = {
  ...{ status: 'NOERROR', opcode: 'QUERY', flags: 'qr aa', answer: ['SOA'], edns: undefined, options: [] },
};
const EDNS_SOA: DigReply = { ...SOA, edns: '0' };
const BADVERS: DigReply = { ...EDNS_SOA, status: 'BADVERS', flags: 'qr', answer: [] };

/** In the order of the RFC; every query is for the zone, which dig is told last. */
export const COMPLIANCE: readonly Compliance[] = [
  { title: '8.1.1: the server has the zone', query: '+noedns +noad +norec soa', reply: SOA },
  { title: '8.1.2: an unknown type', query: '+noedns +noad +norec type1000', reply: { ...SOA, answer: [] } },
  { title: '8.1.3.1: CD', query: '+noedns +noad +norec +cd soa', reply: SOA },
  { title: '8.1.3.2: AD', query: '+noedns +norec +ad soa', reply: SOA },
  { title: '8.1.3.3: the reserved bit', query: '+noedns +noad +norec +zflag soa', reply: SOA },
  { title: '8.1.3.4: RD', query: '+noedns +noad +rec soa', reply: { ...SOA, flags: 'qr aa rd' } },
  {
    title: '8.1.4: an unknown opcode',
    query: '+noedns +noad +opcode=15 +norec +header-only',
    reply: { ...SOA, status: 'NOTIMP', opcode: 'RESERVED15', flags: 'qr', answer: [] },
  },
  { title: '8.1.5: TCP', query: '+noedns +noad +norec +tcp soa', reply: SOA },
  { title: '8.2.1: minimal EDNS', query: '+nocookie +edns=0 +noad +norec soa', reply: EDNS_SOA },
  { title: '8.2.2: another version', query: '+nocookie +edns=1 +noednsneg +noad +norec soa', reply: BADVERS },
  {
    title: '8.2.3: an unknown option',
    query: '+nocookie +edns=0 +noad +norec +ednsopt=100 soa',
    reply: EDNS_SOA,
  },
  {
    title: '8.2.4: an unknown flag',
    query: '+nocookie +edns=0 +noad +norec +ednsflags=0x40 soa',
    reply: EDNS_SOA,
  },
  {
    title: '8.2.5: another version with an unknown flag',
    query: '+nocookie +edns=1 +noednsneg +noad +norec +ednsflags=0x40 soa',
    reply: BADVERS,
  },
  {
    title: '8.2.6: another version with an unknown option',
    query: '+nocookie +edns=1 +noednsneg +noad +norec +ednsopt=100 soa',
    reply: BADVERS,
  },
  {
    title: '8.2.7: what may be truncated',
    query: '+norec +noad +dnssec +bufsize=512 +ignore dnskey',
    reply: { ...EDNS_SOA, answer: [], edns: '0 do' },
  },
  {
    title: '8.2.8: DO',
    query: '+nocookie +edns=0 +noad +norec +dnssec soa',
    reply: { ...EDNS_SOA, edns: '0 do' },
  },
  {
    title: '8.2.9: another version with DO',
    query: '+nocookie +edns=1 +noednsneg +noad +norec +dnssec soa',
    reply: { ...BADVERS, edns: '0 do' },
  },
  {
    title: '8.2.10: several options that are defined',
    query: '+edns=0 +noad +norec +cookie +nsid +expire +subnet=0.0.0.0/0 soa',
    reply: EDNS_SOA,
  },
  {
    title: "ISC's edns512tcp",
    query: '+norec +noad +dnssec +bufsize=512 +tcp dnskey',
    reply: { ...EDNS_SOA, answer: [], edns: '0 do' },
  },
  {
    title: "ISC's docookie",
    query: '+norec +noad +cookie +dnssec soa',
    reply: { ...EDNS_SOA, edns: '0 do' },
  },
  {
    title: "ISC's ednsflags",
    query: '+norec +noad +nocookie +edns=0 +ednsflags=0x80 soa',
    reply: EDNS_SOA,
  },
];

/** Reads what dig prints of one reply; throws where it prints none. */
export function parseDig(output: string): DigReply {
  const [, opcode, status] = /->>HEADER<<- opcode: (\S+), status: (\S+),/.exec(output) ?? [];
  const [, flags] = /^;; flags: ([^;]*(?:; MBZ)?)/m.exec(output) ?? [];
  if (opcode === undefined || status === undefined || flags === undefined)
    throw new Error(`no reply: ${output}`);
  const [, edns] = /^;; OPT PSEUDOSECTION:\n([\s\S]*?)\n(?:;;|$)/m.exec(output) ?? [];
  const [, version, ednsFlags, mbz] = /version: (\d+), flags:([^;]*);( MBZ)?/.exec(edns ?? '') ?? [];
  const [, answer = ''] = /^;; ANSWER SECTION:\n([\s\S]*?)\n(?:\n|$)/m.exec(output) ?? [];
  return {
    ...{ status, opcode, flags: flags.replace(';', '') },
    answer: answer.split('\n').flatMap((line) => line.split(/\s+/)[3] ?? []),
    edns: edns && `${version}${ednsFlags}${mbz ?? ''}`,
    options: (edns ?? '').split('\n').flatMap((line) => /^; (?!EDNS:)([^:\s]+)/.exec(line)?.[1] ?? []),
  };
}
