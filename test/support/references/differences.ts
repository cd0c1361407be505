/** What island does where Knot and NSD do not do the same, and why; in the words of `summaryOf`. */
interface Difference {
  readonly why: string;
  readonly island: string;
  readonly titles: readonly string[];
}

const DIFFERENCES: readonly Difference[] = [
  {
    why: 'Knot says nothing to what it cannot read as one question; who sent it should hear of it, as from NSD',
    island: 'FORMERR',
    titles: [
      'a name of one byte too many',
      'a name of 200 labels',
      '65535 of everything',
      'OPT with two questions',
      'a header alone that announces a question',
      'a header of zeros and 500 bytes behind it',
      'a packet that is cut within the first label',
      'a packet that is cut behind the first label',
      'a packet that is cut in front of the root',
      'a packet that is cut behind the root',
      'a packet that is cut within the type',
      'a packet that is cut behind the type',
      'a packet that is cut within the class',
      'two questions',
      'the same question twice',
      'two questions of which one is there',
      '65535 questions of which one is there',
      'a question that is not announced',
      'a pointer to itself',
      'a pointer forward',
      'a pointer to the header',
      'a pointer to a zero byte of the header',
      'a pointer out of the packet',
      'a pointer to itself behind a label',
      'a pointer that is cut',
      'a label of the kind 0x40',
      'a label of the kind 0x80',
      'a name without its root',
      'a label of 63 bytes of which 5 are there',
      'a second question that is no name',
    ],
  },
  {
    why: 'over TCP NSD closes the connection on fewer than 17 bytes, which no question has',
    island: 'FORMERR',
    titles: ['a header alone that announces nothing'],
  },
  {
    why: 'Knot overlooks what does not belong into a query; NSD does not, and nobody sends it in good faith',
    island: 'FORMERR',
    titles: [
      'an answer in the query',
      'an authority in the query',
      'an address in the additional section',
      'two addresses in the additional section',
      'OPT behind an address',
      'OPT in front of an address',
      'SIG(0)',
    ],
  },
  {
    why: 'RFC 6891 section 6.1.1: the owner of OPT is the root; Knot overlooks another one',
    island: 'FORMERR',
    titles: [
      'OPT with an owner',
      'OPT with an owner in the zone',
      'OPT with an owner that points to the question',
    ],
  },
  {
    why: 'NSD overlooks what is behind the last record; a packet that says less than it has is not read right',
    island: 'FORMERR',
    titles: [
      'garbage of one byte behind the question',
      'garbage of 400 bytes behind the question',
      'OPT and garbage behind it',
    ],
  },
  {
    why: 'NSD takes OPT alone for a question about cookies, RFC 7873 section 5.4, of which island has none',
    island: 'FORMERR',
    titles: ['OPT without a question', 'OPT of version 1 without a question'],
  },
  {
    why: 'the rcode of a query says nothing; NSD wants it to be 0',
    island: 'NOERROR aa 1 records',
    titles: [1, 2, 3, 5, 9, 15].map((rcode) => `rcode ${rcode} in a query`),
  },
  {
    why: 'RFC 6891 section 6.2.3: a payload below 512 counts as 512; Knot takes 1 for a mistake',
    island: 'NOERROR aa 1 records',
    titles: ['a payload of 1'],
  },
  {
    why: 'the options of a version that island does not know cannot be wrong; Knot reads them',
    island: 'BADVERS',
    titles: ['EDNS version 1 with an option that runs past the end'],
  },
  {
    why: 'island knows one opcode, and says so whatever the rest of the packet is',
    island: 'NOTIMP',
    titles: [
      'opcode 4',
      'opcode 5',
      'NOTIFY out of the zone',
      'UPDATE that adds a host',
      'UPDATE out of the zone',
      'opcode 6 with two questions',
      'opcode 15 with what is no name',
      'OPT of version 1 with opcode 15',
      'TSIG with opcode 15',
      // Over TCP NSD closes the connection on fewer than 17 bytes.
      ...[1, 2, 3, 6, 15].map((opcode) => `opcode ${opcode} without a question`),
      'OPT with opcode 15 and no question',
    ],
  },
  {
    why: 'for class ANY the answer is that of IN, also in its bits: NSD leaves AA and SOA out',
    island: 'NOERROR aa 1 records',
    titles: ['class 255'],
  },
  { why: 'likewise', island: 'NOERROR aa 2 records', titles: ['class 255 of an alias'] },
  { why: 'likewise', island: 'NXDOMAIN aa soa', titles: ['class 255 of a name that is not there'] },
  {
    why: 'type 0 is one that no name has; Knot does not implement it',
    island: 'NOERROR aa soa',
    titles: ['the type 0, which no record has'],
  },
  {
    why: 'one set of those that there are, and SOA is the first; Knot takes NS',
    island: 'NOERROR aa 1 records',
    titles: ['ANY of the zone', 'ANY of a reverse zone', 'ANY of a public address'],
  },
  {
    why: 'one set of those that there are, here AAAA; Knot takes that of the type with the smallest number',
    island: 'NOERROR aa 1 records',
    titles: ['ANY of a name with AAAA and A'],
  },
  {
    why: 'whatever a signature is like, its key is not known here; NSD looks at its class first',
    island: 'NOTAUTH',
    titles: ['TSIG of class IN'],
  },
  {
    why: 'Knot gives up after 5 aliases, NSD never; the answer is one that a resolver goes on from',
    island: 'NOERROR aa 8 records',
    titles: ['16 aliases in a row'],
  },
  {
    why: 'a transfer that is not granted is refused; Knot has no authority over its zones for strangers',
    island: 'REFUSED',
    titles: ['AXFR', 'OPT with AXFR', 'IXFR without a serial', 'IXFR with a serial'],
  },
  {
    why: 'NSD looks at the key first, Knot at the zone',
    island: 'NOTAUTH',
    titles: ['TSIG out of the zone'],
  },
];

/** What island replies to a question, by its title, where Knot and NSD differ. */
export const EXPECTED: ReadonlyMap<string, string> = new Map(
  DIFFERENCES.flatMap(({ island, titles }) => titles.map((title): [string, string] => [title, island])),
);

/** Where both are silent, each for a reason of its own, and island is not: by title and transport. */
export const AGAINST_BOTH: ReadonlyMap<string, string> = new Map([
  // Knot drops what it cannot read, and NSD, over TCP, what has fewer than 17 bytes. Over UDP NSD answers them.
  ['opcode 15 with what is no name, over tcp', 'NOTIMP'],
  ['a header alone that announces a question, over tcp', 'FORMERR'],
  ['a packet that is cut within the first label, over tcp', 'FORMERR'],
  ['a pointer that is cut, over tcp', 'FORMERR'],
]);
