import { install, mustIsland } from '../island.ts';
import { dropOnTheWay, here, nft, noFault, type ProbeFault, probedFile } from './fault.ts';

const GATE_LINK = 'isl-sopn-1ycmgm';
const HUB_LINK = 'isl-vxla-z88ecl';

/** What is wrong between hosts, in the model network with vxlan links, where `island echo` runs on every host. */
export const WAY_FAULTS: readonly ProbeFault[] = [
  {
    name: 'the gateway has left',
    on: 'faraday',
    breaks: (host) => mustIsland(host, 'leave'),
    seen: {
      faraday: here('ISL-H02'),
      'sopnode-l1': 'ISL-L04 faraday',
      fit01: 'ISL-L04 faraday',
      'sopnode-w1': 'ISL-L04 faraday',
    },
  },
  {
    name: 'the link of the gateway is down',
    on: 'faraday',
    breaks: (host) => host.ip([`link set ${GATE_LINK} down`]),
    seen: { faraday: 'ISL-L01 sopnode-l1', fit01: 'ISL-L04 sopnode-l1', 'sopnode-l1': 'ISL-L04 faraday' },
  },
  {
    name: 'the link of the hub is gone',
    on: 'sopnode-l1',
    breaks: (host) => host.ip([`link del ${HUB_LINK}`]),
    seen: { 'sopnode-l1': 'ISL-L01 +vxlan', 'sopnode-w1': 'ISL-L04 sopnode-l1' },
  },
  {
    name: 'the inner address is removed',
    on: 'faraday',
    breaks: (host) => host.ip([`address del 10.3.1.3/32 dev ${GATE_LINK}`]),
    seen: { faraday: 'ISL-L01 sopnode-l1', 'sopnode-l1': 'ISL-L02 faraday' },
  },
  {
    name: 'the MTU of the link is changed',
    on: 'faraday',
    breaks: (host) => host.ip([`link set ${GATE_LINK} mtu 1300`]),
    seen: { faraday: 'ISL-L01 sopnode-l1' },
  },
  {
    name: 'the forwarding entry of the gateway is stolen',
    on: 'sopnode-l1',
    breaks: (host) =>
      host.run([
        'sh',
        '-c',
        `bridge fdb replace $(bridge fdb show dev ${HUB_LINK} | cut -d' ' -f1) dev ${HUB_LINK} dst 192.0.2.9 self permanent`,
      ]),
    seen: { 'sopnode-l1': 'ISL-L01 faraday' },
  },
  {
    name: 'the neighbour entry of the hub is gone',
    on: 'faraday',
    breaks: (host) => host.ip([`neighbour del 10.3.1.2 dev ${GATE_LINK}`]),
    seen: { faraday: 'ISL-L01 sopnode-l1' },
  },
  {
    name: 'the underlay between the two is cut',
    on: 'internet',
    breaks: dropOnTheWay('ip saddr 138.96.16.97 drop; ip daddr 138.96.16.97 drop'),
    mends: noFault,
    seen: { 'sopnode-l1': 'ISL-U01 faraday', faraday: 'ISL-U01 sopnode-l1', fit01: 'ISL-L04 sopnode-l1' },
  },
  {
    name: 'the underlay drops the port of the links',
    on: 'internet',
    breaks: dropOnTheWay('udp dport 10310 drop'),
    mends: noFault,
    seen: { 'sopnode-l1': 'ISL-L02 faraday', faraday: 'ISL-L02 sopnode-l1' },
  },
  {
    name: 'the underlay drops the port of the links in one direction',
    on: 'internet',
    breaks: dropOnTheWay('ip saddr 138.96.16.97 udp dport 10310 drop'),
    mends: noFault,
    seen: { faraday: 'ISL-L02 sopnode-l1' },
  },
  {
    name: 'the underlay loses large packets',
    on: 'internet',
    breaks: dropOnTheWay('ip length > 1400 drop'),
    mends: noFault,
    seen: { 'sopnode-l1': 'ISL-M01 faraday', faraday: 'ISL-M01 sopnode-l1' },
  },
  {
    name: 'the file has another outer address of the gateway',
    on: 'sopnode-l1',
    breaks: async (host, lab) => {
      await install([host], probedFile('vxlan').replace('138.96.16.97', '138.96.16.98'));
      await mustIsland(host, 'join');
      lab.host('faraday').start(['ping', '-i', '0.2', '10.3.1.2']);
    },
    mends: async (host, lab) => {
      await lab.host('faraday').run(['sh', '-c', 'kill $(pidof ping)']);
      await install([host], probedFile('vxlan'));
      await mustIsland(host, 'join');
    },
    seen: { 'sopnode-l1': 'ISL-F04 faraday' },
  },
  {
    name: 'somebody translates what goes into the link',
    on: 'faraday',
    breaks: (host) =>
      nft(
        host,
        `table ip others { chain postrouting { type nat hook postrouting priority 50; oifname "${GATE_LINK}" masquerade; }; }`,
      ),
    mends: (host) => nft(host, 'delete table ip others'),
    seen: { fit01: 'ISL-R03 sopnode-l1, ISL-R03 sopnode-w1' },
  },
  {
    name: 'the outer address of the gateway is routed into its own tunnel',
    on: 'sopnode-l1',
    breaks: (host) => host.ip([`route add 138.96.16.97/32 dev ${HUB_LINK}`]),
    mends: (host) => host.ip([`route del 138.96.16.97/32 dev ${HUB_LINK}`]),
    seen: { 'sopnode-l1': 'ISL-L03 faraday' },
  },
  {
    name: 'a network drops what has a source of elsewhere',
    on: 'sopnode-w1',
    breaks: (host) =>
      nft(
        host,
        'table inet fault { chain in { type filter hook prerouting priority -400; iifname "eth0" ip saddr != 138.96.245.0/24 drop; }; }',
      ),
    mends: noFault,
    seen: { 'sopnode-l1': 'ISL-U02 sopnode-w1' },
  },
  {
    name: 'nobody listens where a check of the file says so',
    on: 'fit01',
    breaks: (host) =>
      nft(
        host,
        'table inet fault { chain in { type filter hook input priority -10; tcp dport 8080 reject with tcp reset; }; }',
      ),
    mends: noFault,
    seen: { 'sopnode-l1': 'ISL-C02 web' },
  },
  {
    name: 'a host drops pings',
    on: 'fit01',
    breaks: (host) =>
      nft(
        host,
        'table inet fault { chain in { type filter hook input priority -10; icmp type echo-request drop; }; }',
      ),
    mends: noFault,
    seen: { 'sopnode-l1': 'ISL-C01 node', fit02: 'ISL-C01 node' },
  },
];
