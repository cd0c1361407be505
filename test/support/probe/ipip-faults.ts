import { dropOnTheWay, here, nft, noFault, type ProbeFault } from './fault.ts';

/** What only ipip links suffer from, or is found otherwise with them; an emulated processor takes long for each. */
export const IPIP_FAULTS: readonly ProbeFault[] = [
  {
    name: 'the underlay drops protocol 4 and passes UDP',
    on: 'internet',
    breaks: dropOnTheWay(
      'ip saddr 138.96.16.97 ip protocol 4 drop; ip daddr 138.96.16.97 ip protocol 4 drop',
    ),
    mends: noFault,
    seen: { 'sopnode-l1': 'ISL-U03 faraday', faraday: 'ISL-U03 sopnode-l1' },
  },
  {
    name: 'tunl0 is up, and nobody uses it',
    on: 'faraday',
    breaks: (host) => host.ip(['link set tunl0 up']),
    seen: { faraday: here('ISL-H05') },
  },
  {
    name: 'Calico drops protocol 4 of hosts that it does not know',
    on: 'sopnode-l1',
    breaks: (host) =>
      nft(
        host,
        'table ip filter { chain cali-INPUT { ip protocol 4 drop; }; chain INPUT { type filter hook input priority 0; jump cali-INPUT; }; }',
      ),
    mends: (host) => nft(host, 'delete table ip filter'),
    seen: { 'sopnode-l1': here('ISL-F03') },
  },
  {
    name: 'the NAT of a cloud lets protocol 4 out and not in',
    on: 'cloud-nat',
    breaks: dropOnTheWay('iifname "wan" ip protocol 4 drop'),
    mends: noFault,
    seen: { 'sopnode-l1': 'ISL-U04 cloud1' },
  },
];
