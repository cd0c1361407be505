/** RFC 1035 section 4.1.1, RFC 2136 and RFC 6891: how a query ended. */
export const RCODES = {
  noError: 0,
  formErr: 1,
  servFail: 2,
  nxDomain: 3,
  notImp: 4,
  refused: 5,
  notAuth: 9,
  badVers: 16,
} as const;

/** Bits of the third byte of a header. */
export const FLAGS = { response: 0x80, opcode: 0x78, authoritative: 4, truncated: 2, recursionDesired: 1 };

/** RFC 1035 section 3.2, RFC 3596, RFC 2782, RFC 6891, RFC 8945, RFC 1995. */
export const TYPES = {
  ...{ A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, TXT: 16, AAAA: 28, SRV: 33 },
  ...{ OPT: 41, TSIG: 250, IXFR: 251, AXFR: 252, ANY: 255 },
} as const;

export const CLASSES = { IN: 1, ANY: 255 } as const;

export const HEADER_LENGTH = 12;

/** An OPT record without options. */
export const OPT_LENGTH = 11;

/** RFC 9715: what crosses every path in one piece. */
export const LARGEST_DATAGRAM = 1232;

/** RFC 1035 section 2.3.4: what everybody takes. */
export const SMALLEST_DATAGRAM = 512;

export const LARGEST_MESSAGE = 65_535;
