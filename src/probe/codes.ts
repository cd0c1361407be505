/** What can break, in the order in which it does: what is broken further up explains what is further down. */
export const LAYERS = ['host', 'firewall', 'underlay', 'link', 'mtu', 'routes', 'names', 'checks'] as const;
export type Layer = (typeof LAYERS)[number];

interface Meaning {
  readonly layer: Layer;
  /** What is checked, as a sentence that is true of a healthy island. */
  readonly holds: string;
  /** What it means when it is not. */
  readonly otherwise: string;
  readonly fix: string;
}

/** Every check by its code. A code never changes its meaning and is never used again. */
export const CODES = {
  'ISL-H01': {
    layer: 'host',
    holds: 'The programs and kernel modules that the links need are there.',
    otherwise: 'No link can be made.',
    fix: 'Install what is named, or choose the other kind of link in the file, on every host.',
  },
  'ISL-H02': {
    layer: 'host',
    holds: 'This host has joined.',
    otherwise: 'Nothing of the island is here.',
    fix: '`island join`',
  },
  'ISL-H03': {
    layer: 'host',
    holds: 'Forwarding is on, on the links and on the LANs of a gateway.',
    otherwise: 'The gateway and the hub are reached, and nothing behind them.',
    fix: '`island join`; look for who switches it off, such as a file in /etc/sysctl.d.',
  },
  'ISL-H04': {
    layer: 'host',
    holds: 'Strict reverse-path filtering (`rp_filter` 1) lets in what comes from the island.',
    otherwise: 'The kernel drops packets that come in by another link than the answer would leave by.',
    fix: 'Set `rp_filter` of the link that is named to 2, or correct the route that leads the answers elsewhere.',
  },
  'ISL-H05': {
    layer: 'host',
    holds: '`tunl0` is down, or somebody uses it.',
    otherwise: 'While the guard is away, the ipip packets of strangers come out of it.',
    fix: '`island join`',
  },
  'ISL-H06': {
    layer: 'host',
    holds: "No rule in front of the island's takes its packets.",
    otherwise: "The packets of the island leave by somebody else's table.",
    fix: "Give the other rule a priority behind the island's, as the message says.",
  },
  'ISL-H07': {
    layer: 'host',
    holds: "Nothing of somebody else's has the names, numbers or ranges of the island on this host.",
    otherwise: 'An address would be in two places; `join` refuses.',
    fix: 'Renumber or remove one of the two, as the message says.',
  },
  'ISL-H08': {
    layer: 'host',
    holds: 'Everything that the island owns on this host is as the file says.',
    otherwise: 'Somebody changed or removed what is named.',
    fix: '`island join` repairs exactly it.',
  },
  'ISL-F01': {
    layer: 'firewall',
    holds: 'No chain of the hook input drops the packets of the links.',
    otherwise: 'What a link receives never gets to it.',
    fix: '`island join` inserts an accept where the drop is; otherwise accept it there as the message says.',
  },
  'ISL-F02': {
    layer: 'firewall',
    holds: 'No chain of the hook forward drops what the island forwards.',
    otherwise: 'The gateway is reached, and nothing behind it.',
    fix: '`island join` inserts an accept where the drop is; otherwise accept it there as the message says.',
  },
  'ISL-F03': {
    layer: 'firewall',
    holds: 'Calico does not drop protocol 4 of hosts that it does not know.',
    otherwise: "Its chain is in front of everybody's and drops the packets of ipip links.",
    fix: 'Write `link: vxlan` in the file, or add the outer addresses to `externalNodesList` of Felix.',
  },
  'ISL-F04': {
    layer: 'firewall',
    holds: "The guard drops nothing of this island's own peers.",
    otherwise:
      'A peer sends from another outer address than the file says, or for a network that is not its own.',
    fix: 'Correct `outer:` or `networks:` of that peer in the file, on every host.',
  },
  'ISL-U01': {
    layer: 'underlay',
    holds: 'The outer address of the far end answers.',
    otherwise: 'The far end is off, its outer address is another one, or the way there is cut.',
    fix: 'Ping the address by hand, and correct `outer:` in the file if the host has another one.',
  },
  'ISL-U02': {
    layer: 'underlay',
    holds: 'The LAN of this gateway carries packets whose source is not of that LAN.',
    otherwise: 'A cloud drops what a machine sends from addresses that it did not give it.',
    fix: 'Switch off the source check of this machine in the cloud (`source/destination check`, `allowed address pairs`).',
  },
  'ISL-U03': {
    layer: 'underlay',
    holds: 'Protocol 4 passes between the outer addresses.',
    otherwise: 'Something on the way passes ICMP and UDP, and not ipip.',
    fix: 'Write `link: vxlan` for that peer, on every host.',
  },
  'ISL-U04': {
    layer: 'underlay',
    holds: 'No NAT is in the way of an ipip link.',
    otherwise:
      'A NAT lets ipip in only as an answer, and shuts a peer out for 600 seconds when the hub spoke first.',
    fix: 'Write `link: vxlan` for that peer, or have the NAT pass protocol 4 to it and say `local:`.',
  },
  'ISL-L01': {
    layer: 'link',
    holds: 'The link is there, up, and made as the file says.',
    otherwise: 'Nothing is sent to the far end.',
    fix: '`island join`',
  },
  'ISL-L02': {
    layer: 'link',
    holds: 'Packets come in by the link as well as they go out.',
    otherwise: 'One direction is lost: the message says which, as far as it can be known from here.',
    fix: 'Run `island test` on the far side as well; look at the firewalls of that direction.',
  },
  'ISL-L03': {
    layer: 'link',
    holds: 'No packet of a link enters a link again (`collsns`).',
    otherwise: "The far end's outer address is routed into its own tunnel.",
    fix: '`island join`; take the outer address out of what is routed through the link.',
  },
  'ISL-L04': {
    layer: 'link',
    holds: 'The far end answers at its inner address.',
    otherwise: 'The far end has not joined, or drops what it receives.',
    fix: '`island join` and `island test` on the far end.',
  },
  'ISL-M01': {
    layer: 'mtu',
    holds: "A packet as large as the link's MTU arrives, and so does one of that size from there.",
    otherwise: 'Small packets pass, and transfers hang.',
    fix: 'Write the MTU that was found as `mtu:`, on every host, and `island join`.',
  },
  'ISL-M02': {
    layer: 'mtu',
    holds: 'The MSS of TCP connections through a gateway is clamped.',
    otherwise: 'TCP between hosts that do not learn the MTU hangs.',
    fix: '`island join`',
  },
  'ISL-M03': {
    layer: 'mtu',
    holds: 'The underlay carries the packets of the links in one piece.',
    otherwise: 'Each large packet becomes two fragments, which is slower, and lost where fragments are.',
    fix: 'Write the MTU that was found as `mtu:`, on every host, and `island join`.',
  },
  'ISL-R01': {
    layer: 'routes',
    holds: 'This member has its routes to the island.',
    otherwise: 'Its packets and answers leave by the default route.',
    fix: '`island join`',
  },
  'ISL-R02': {
    layer: 'routes',
    holds: 'Each route to the island says with which source packets leave (`src`).',
    otherwise: 'The far side answers to an address that it has no way to.',
    fix: '`island join`',
  },
  'ISL-R03': {
    layer: 'routes',
    holds: "The far side sees this host's own address as the source.",
    otherwise: 'Somebody translates it on the way, a masquerade of a gateway most often.',
    fix: '`island join` on the gateway, which exempts the island from its NAT.',
  },
  'ISL-R04': {
    layer: 'routes',
    holds: 'The host answers at its own address.',
    otherwise: 'Its gateway does, so that it is off, has not joined, or is cut off from its gateway.',
    fix: '`island join` and `island test` on that host.',
  },
  'ISL-N01': {
    layer: 'names',
    holds: 'The hub answers for the zone of the island, as the file says.',
    otherwise: 'Nobody answers there, something drops port 53, or another name server or another file does.',
    fix: '`island enable --persistent --now` on the hub; else look there with `ss -lunp sport = :53` and `nft list ruleset`.',
  },
  'ISL-N02': {
    layer: 'names',
    holds: 'The programs of this host find the names of the island, at the addresses that the file says.',
    otherwise: 'They do not ask who knows them, or somebody else says something different first.',
    fix: 'Correct the line of /etc/hosts that is named; look with `resolvectl query NAME` and in /etc/nsswitch.conf.',
  },
  'ISL-N03': {
    layer: 'names',
    holds: 'They find the name of an address.',
    otherwise: 'Names in logs are those of somebody else, or none, and what looks for them waits.',
    fix: 'Look with `getent hosts ADDRESS`; a resolver has to send the reverse zones to the hub as well.',
  },
  'ISL-C01': {
    layer: 'checks',
    holds: 'What `checks:` says has to answer a ping does.',
    otherwise: 'It is off, or drops pings.',
    fix: 'Look there.',
  },
  'ISL-C02': {
    layer: 'checks',
    holds: 'What `checks:` says has to take TCP connections does.',
    otherwise: 'Nobody listens there, or a firewall of that host drops it.',
    fix: 'Look there with `ss -tlnp`.',
  },
  'ISL-C03': {
    layer: 'checks',
    holds: 'What `checks:` says has to resolve does.',
    otherwise: 'This host asks a name server that does not know the zone, or finds another address.',
    fix: 'Look with `getent hosts NAME`.',
  },
} as const satisfies Readonly<Record<string, Meaning>>;

export type Code = keyof typeof CODES;
