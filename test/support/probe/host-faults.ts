import { mustIsland } from '../island.ts';
import { here, nft, type ProbeFault } from './fault.ts';

const GATE_LINK = 'isl-sopn-1ycmgm';

/** What is wrong on the host itself, in the model network with vxlan links. */
export const HOST_FAULTS: readonly ProbeFault[] = [
  {
    name: 'the ruleset is flushed',
    on: 'faraday',
    breaks: (host) => nft(host, 'delete table inet island-r2lab'),
    seen: { faraday: here('ISL-H08') },
  },
  {
    name: 'the MSS is clamped no more',
    on: 'sopnode-l1',
    breaks: (host) => nft(host, 'flush chain inet island-r2lab clamp'),
    seen: { 'sopnode-l1': here('ISL-M02') },
  },
  {
    name: 'the rule that leads to the table is gone',
    on: 'sopnode-l1',
    breaks: (host) =>
      host.run(['sh', '-c', 'ip rule del pref $(ip rule | grep "lookup 10310" | tail -1 | cut -d: -f1)']),
    seen: { 'sopnode-l1': here('ISL-H08') },
  },
  {
    name: 'a member has lost its routes',
    on: 'fit02',
    breaks: (host) => host.ip(['route flush table 10310']),
    seen: { fit02: here('ISL-R01') },
  },
  {
    name: 'a member has left',
    on: 'fit02',
    breaks: (host) => mustIsland(host, 'leave'),
    seen: { fit02: here('ISL-H02'), 'sopnode-l1': 'ISL-R04 fit02', faraday: '' },
  },
  {
    name: 'a route without src',
    on: 'faraday',
    breaks: (host) =>
      host.ip([`route replace 138.96.245.0/24 via 10.3.1.2 dev ${GATE_LINK} onlink table 10310 proto 110`]),
    seen: { faraday: here('ISL-R02') },
  },
  {
    name: 'forwarding is off on a LAN of the gateway',
    on: 'faraday',
    breaks: (host) => host.run(['sysctl', '-w', 'net.ipv4.conf.control.forwarding=0']),
    seen: { faraday: here('ISL-H03'), fit01: 'ISL-L04 sopnode-l1' },
  },
  {
    name: "somebody's rule in front leads the island's packets elsewhere",
    on: 'sopnode-l1',
    breaks: (host) =>
      host.ip(['route add 192.168.3.0/24 via 138.96.245.250 table 99', 'rule add pref 50 lookup 99']),
    mends: (host) => host.ip(['rule del pref 50', 'route flush table 99']),
    seen: { 'sopnode-l1': here('ISL-H06') },
  },
  {
    name: 'a link of somebody else has an island network',
    on: 'sopnode-l1',
    breaks: (host) =>
      host.ip(['link add pods type bridge', 'address add 192.168.2.1/24 dev pods', 'link set pods up']),
    mends: async (host) => {
      await host.ip(['link del pods']);
      await mustIsland(host, 'join');
    },
    seen: { 'sopnode-l1': here('ISL-H07') },
  },
  {
    name: 'a forward chain drops',
    on: 'faraday',
    breaks: (host) =>
      nft(host, 'table ip others { chain forward { type filter hook forward priority 0; policy drop; }; }'),
    mends: (host) => nft(host, 'delete table ip others'),
    seen: { faraday: here('ISL-F02'), fit01: 'ISL-L04 sopnode-l1' },
  },
  {
    name: 'an input chain drops the packets of the link',
    on: 'sopnode-l1',
    breaks: (host) =>
      nft(
        host,
        'table inet others { chain input { type filter hook input priority 0; meta l4proto udp udp dport 10310 drop; }; }',
      ),
    mends: (host) => nft(host, 'delete table inet others'),
    seen: { 'sopnode-l1': here('ISL-F01'), faraday: 'ISL-L02 sopnode-l1' },
  },
  {
    name: 'strict reverse-path filtering meets a route of somebody else',
    on: 'faraday',
    breaks: (host) =>
      host.ip([
        'link add stray type bridge',
        'link set stray up',
        'rule add pref 60 from 138.96.16.97 to 138.96.245.50 lookup 98',
        'route add 138.96.245.50/32 dev stray table 98',
      ]),
    mends: (host) => host.ip(['rule del pref 60', 'link del stray']),
    seen: { faraday: here('ISL-H04') },
  },
  {
    name: 'a program that the guard needs is gone',
    on: 'faraday',
    breaks: (host) => host.run(['mount', '--bind', '/dev/null', '/usr/sbin/nft']),
    mends: (host) => host.run(['umount', '/usr/sbin/nft']),
    seen: { faraday: here('ISL-H01') },
  },
];
