/** Hosts of the model network on which things are changed: one of each role. */
export const DRIFTED = ['sopnode-l1', 'faraday', 'fit02'] as const;
type Name = (typeof DRIFTED)[number];

/** What somebody changes of what is the island's. */
export interface Drift {
  readonly what: string;
  /** What somebody types; $L is the link. */
  readonly typed: string;
  /** A line of status, LINK for the link. */
  readonly says: RegExp;
  /** Everything that join does about it. */
  readonly repair: readonly string[];
}

/** What goes with a link, beside it. */
const ON_LINK = ['add address', 'add neighbour', 'add fdb'];

export const DRIFTS: Readonly<Record<Name, readonly Drift[]>> = {
  faraday: [
    {
      what: 'the link is deleted',
      typed: 'ip link delete $L',
      says: /link LINK \(vxlan 10310, port 10310\) is missing/,
      repair: ['add link', ...ON_LINK, ...routes(3), 'add sysctl'],
    },
    {
      what: 'the link is set down, with which its neighbours and routes go',
      typed: 'ip link set $L down',
      says: /link LINK .*: is down/,
      repair: ['change link', 'add neighbour', ...routes(3)],
    },
    {
      what: 'the link learns, so that a frame could move an entry',
      typed: 'ip link set $L type vxlan learning',
      says: /link LINK .* has to be made anew/,
      repair: ['recreate link', ...ON_LINK, ...routes(3), 'add sysctl'],
    },
    {
      what: 'its MTU is changed',
      typed: 'ip link set $L mtu 1300',
      says: /link LINK .*: mtu is 1300 instead of 1450/,
      repair: ['change link'],
    },
    {
      what: 'its alias is changed',
      typed: 'ip link set $L alias mine',
      says: /link LINK .*: alias is mine instead of island:r2lab\/sopnode-l1/,
      repair: ['change link'],
    },
    {
      what: 'its group is changed',
      typed: 'ip link set $L group 7',
      says: /link LINK .*: group is 7 instead of 10310/,
      repair: ['change link'],
    },
    {
      what: 'the inner address is removed, with which neighbours and routes go',
      typed: 'ip address delete 10.3.1.3/32 dev $L',
      says: /address 10\.3\.1\.3 on LINK is missing/,
      repair: ['add address', 'add neighbour', ...routes(3)],
    },
    {
      what: 'another address is added',
      typed: 'ip address add 10.9.9.9/32 dev $L',
      says: /address 10\.9\.9\.9 on LINK does not belong here/,
      repair: ['remove address'],
    },
    {
      what: 'a forwarding entry is stolen',
      typed: 'bridge fdb replace 02:f0:0a:03:01:02 dev $L dst 203.0.113.66 self permanent',
      says: /forwarding entry of 02:f0:0a:03:01:02 on LINK: outer is 203\.0\.113\.66 instead of 138\.96\.245\.50/,
      repair: ['change fdb'],
    },
    {
      what: 'a forwarding entry for all that is unknown is added',
      typed: 'bridge fdb append 00:00:00:00:00:00 dev $L dst 203.0.113.66 self permanent',
      says: /forwarding entry of 00:00:00:00:00:00 on LINK does not belong here/,
      repair: ['remove fdb'],
    },
    {
      what: 'the neighbour gets another MAC',
      typed: 'ip neighbour replace 10.3.1.2 lladdr 02:00:00:00:00:66 dev $L nud permanent',
      says: /neighbour 10\.3\.1\.2 on LINK: mac is 02:00:00:00:00:66 instead of 02:f0:0a:03:01:02/,
      repair: ['change neighbour'],
    },
    {
      what: 'a route is changed',
      typed: 'ip route replace 138.96.245.0/24 via 138.96.16.110 dev internet table 10310 proto 110',
      says: /route 138\.96\.245\.0\/24 in table 10310: .*link is internet instead of LINK/,
      repair: ['change route'],
    },
    {
      what: 'the rules are gone',
      typed: 'ip rule flush protocol 110',
      says: /rule 12480 \(from 138\.96\.16\.97 lookup 254\) is missing/,
      repair: ['add rule', 'add rule'],
    },
    {
      what: 'the table of nftables is deleted',
      typed: 'nft delete table inet island-r2lab',
      says: /nft table island-r2lab is missing/,
      repair: ['add nft'],
    },
    {
      what: 'somebody lets himself in with a rule',
      typed: 'nft insert rule inet island-r2lab vxlan-in ip saddr 203.0.113.66 accept',
      says: /nft table island-r2lab: vxlan-in differs/,
      repair: ['change nft'],
    },
    {
      what: 'somebody lets himself in with an element of a set',
      typed: 'nft add element inet island-r2lab vxlan-outer "{ 203.0.113.66 }"',
      says: /nft table island-r2lab: vxlan-outer differs/,
      repair: ['change nft'],
    },
  ],
  'sopnode-l1': [
    {
      what: 'the shared link is deleted',
      typed: 'ip link delete $L',
      says: /link LINK \(vxlan 10310, port 10310\) is missing/,
      repair: ['add link', ...ON_LINK, ...routes(3), 'add sysctl'],
    },
    {
      what: 'its forwarding entry is deleted',
      typed: 'bridge fdb delete 02:f0:0a:03:01:03 dev $L dst 138.96.16.97 self permanent',
      says: /forwarding entry of 02:f0:0a:03:01:03 on LINK is missing/,
      repair: ['add fdb'],
    },
    {
      what: 'the whole ruleset is flushed',
      typed: 'nft flush ruleset',
      says: /nft table island-r2lab is missing/,
      repair: ['add nft'],
    },
    {
      what: 'forwarding of a network is switched off',
      typed: 'echo 0 >/proc/sys/net/ipv4/conf/eth0/forwarding',
      says: /sysctl net\.ipv4\.conf\.eth0\.forwarding: value is 0 instead of 1/,
      repair: ['change sysctl'],
    },
    {
      what: 'forwarding is switched on and off as a whole',
      typed: 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 0 >/proc/sys/net/ipv4/ip_forward',
      says: /sysctl net\.ipv4\.conf\.eth0\.forwarding: value is 0 instead of 1/,
      repair: ['change sysctl', 'change sysctl'],
    },
    {
      what: 'the rule that leads to the table is deleted',
      typed: 'ip rule delete pref 12487',
      says: /rule 12487 \(from all lookup 10310\) is missing/,
      repair: ['add rule'],
    },
  ],
  fit02: [
    {
      what: 'a route is deleted',
      typed: 'ip route delete 138.96.245.0/24 table 10310',
      says: /route 138\.96\.245\.0\/24 in table 10310 is missing/,
      repair: routes(1),
    },
    {
      what: 'the table is flushed',
      typed: 'ip route flush table 10310',
      says: /route 10\.3\.1\.0\/24 in table 10310 is missing/,
      repair: routes(4),
    },
    {
      what: 'the rules are gone',
      typed: 'ip rule flush protocol 110',
      says: /rule 12487 \(from all lookup 10310\) is missing/,
      repair: ['add rule', 'add rule'],
    },
  ],
};

function routes(count: number): string[] {
  return Array.from({ length: count }, () => 'add route');
}
