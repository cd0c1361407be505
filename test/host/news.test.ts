import { describe, expect, test } from 'vitest';
import { ipNews, nftNews } from '../../src/host/news.ts';

/** Lines of `ip -o monitor label` (iproute2 6.1) and what they are to a daemon. */
const IP_LINES: readonly (readonly [string, string | undefined])[] = [
  [
    '[LINK]2: isl-x: <BROADCAST,MULTICAST> mtu 1450 qdisc noop state DOWN group default \\    link/ether 0e:46',
    'link',
  ],
  [
    '[LINK]Deleted 2: isl-x: <BROADCAST,MULTICAST> mtu 1450 qdisc noop state DOWN group 9 \\    link/ether',
    'link',
  ],
  ['[ADDR]2: isl-x    inet 10.3.1.2/32 scope global isl-x\\       valid_lft forever', 'address'],
  ['[ADDR]2: eth0    inet6 fe80::1/64 scope link \\       valid_lft forever', undefined],
  ['[ROUTE]Deleted 10.4.0.0/24 via 10.3.1.3 dev isl-x table 10310 proto 110 onlink ', 'route'],
  ['[ROUTE]default via 138.96.16.110 dev internet ', 'route'],
  ['[ROUTE]local 10.3.1.2 dev isl-x table local proto kernel scope host src 10.3.1.2 ', undefined],
  ['[ROUTE]fe80::/64 dev eth0 proto kernel metric 256 pref medium', undefined],
  ['[ROUTE]Deleted fe80::/64 dev eth0 proto kernel metric 256 pref medium', undefined],
  ['[RULE]Deleted 12487:\tfrom all lookup 10310 proto 110', 'rule'],
  ['[NETCONF]inet isl-x forwarding on ', 'sysctl'],
  ['[NETCONF]Deleted inet isl-x ', 'sysctl'],
  ['[NETCONF]inet6 eth0 forwarding on ', undefined],
  ['[NEIGH]10.3.1.3 dev isl-x lladdr 02:00:00:00:00:01 PERMANENT ', 'neighbour'],
  ['[NEIGH]Deleted 10.3.1.3 dev isl-x FAILED ', 'neighbour'],
  ['[NEIGH]127.0.0.2 dev isl-x lladdr 02:00:00:00:00:01 NOARP PERMANENT ', 'neighbour'],
  ['[NEIGH]10.3.1.3 dev isl-x lladdr 02:00:00:00:00:01 REACHABLE', undefined],
  ['[NEIGH]192.168.3.1 dev eth0 lladdr 02:00:00:00:00:01 PERMANENT', undefined],
  ['[NEIGH]Deleted ff02::16 dev isl-x lladdr 33:33:00:00:00:16 NOARP ', undefined],
  ['[NEIGH]198.51.100.2 dev isl-work-1 lladdr 0a:00:00:00:00:01 NOARP PERMANENT ', undefined],
  ['[NEIGH]Deleted 198.51.100.2 dev isl-work-1 lladdr 0a:00:00:00:00:01 NOARP PERMANENT ', 'workers-moved'],
  ['[NEIGH]10.3.1.65 dev isl-work-1 lladdr 0a:00:00:00:00:01 PERMANENT ', 'neighbour'],
  ['', undefined],
];

/** Lines of `nft monitor` (nft 1.0.6). */
const NFT_LINES: readonly (readonly [string, string | undefined])[] = [
  ['delete table inet island-r2lab', 'nftables'],
  ['delete rule inet island-r2lab c handle 4', 'nftables'],
  ['add element inet island-r2lab vxlan-outer { 203.0.113.66 }', 'nftables'],
  ['add table inet island-r2lab2', undefined],
  ['add table ip filter', undefined],
  ['add chain ip filter FORWARD { type filter hook forward priority filter; policy drop; }', 'firewall'],
  ['add chain ip nat PREROUTING { type nat hook prerouting priority dstnat; policy accept; }', undefined],
  ['add chain ip filter KUBE-X', undefined],
  ['delete rule ip filter FORWARD handle 3', 'firewall'],
  ['add rule ip filter DOCKER-USER counter drop', 'firewall'],
  ['add rule ip filter KUBE-X accept', undefined],
  ['delete rule ip nat KUBE-SERVICES handle 3', undefined],
  ['# new generation 2 by process 14705 (nft)', undefined],
  [
    'trace id efbd00e1 inet island-r2lab workers-moved packet: iif "eth0" ip saddr 198.51.100.2 udp sport 4000',
    'workers-moved',
  ],
  ['trace id efbd00e1 inet island-r2lab workers-moved rule accept (verdict accept)', undefined],
  ['trace id efbd00e1 inet island-r2lab2 workers-moved packet: iif "eth0"', undefined],
  ['trace id efbd00e1 ip filter FORWARD packet: iif "eth0"', undefined],
  ['# ERROR: We lost some netlink events!', 'nftables'],
  ['', undefined],
];

describe('what a daemon looks up for', () => {
  test.each(IP_LINES)('%s', (line, what) => {
    expect(ipNews(line, { learned: () => 'isl-work-1' })).toBe(what);
  });

  test('on a worker includes the forwarding entries of its link, which nobody learns', () => {
    const line = '[NEIGH]198.51.100.2 dev isl-work-1 lladdr 0a:00:00:00:00:01 NOARP PERMANENT ';
    expect(ipNews(line, { learned: () => undefined })).toBe('neighbour');
  });

  test.each(NFT_LINES)('%s', (line, what) => {
    const chains = () => new Set(['ip filter FORWARD', 'ip filter DOCKER-USER']);
    expect(nftNews(line, { nftTable: 'island-r2lab', chains })).toBe(what);
  });
});
