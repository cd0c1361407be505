/**
 * What kind of NAT stands between a worker and the rest, in the words of RFC 4787. All filter by address and
 * port, since that is what conntrack does: a packet comes in only if it is the exact reverse of one that went
 * out, so whatever crosses these crosses laxer ones too.
 *
 * - `none`: the worker has a public address.
 * - `masquerade`: Linux as everybody configures it. A source port is kept while it is free for that
 *   destination; the second worker that sends from the same port to the hub gets another one.
 * - `fully-random`: the port is never kept; every flow gets a new one.
 * - `port-restricted`: one outer port per inner address and port, the same to all destinations, as home routers
 *   do and Linux by itself does not; here a table of the ports in MAPPED_PORTS. As these do, it takes nothing for
 *   itself from outside: else what the hub still sends to a mapping that was forgotten would be a flow of the
 *   NAT's own, from whose port Linux never translates anybody again while it lasts.
 * - `symmetric`: every destination gets a new port, as with `fully-random`, and TCP leaves with another address
 *   than UDP ("arbitrary pooling"): where the control connection comes from says nothing about the data.
 * - `two NATs`: a masquerade behind the fully-random one of the provider, on its 100.64.0.0/10.
 */
export type NatShape = 'none' | 'masquerade' | 'fully-random' | 'port-restricted' | 'symmetric' | 'two NATs';

/** The UDP ports that a port-restricted NAT maps one to one: island's, and one for the lab's own questions. */
export const MAPPED_PORTS: readonly number[] = [10310, 5000];

/** What the rules of a NAT are made of. */
export interface NatRules {
  readonly outer: string;
  /** What TCP leaves with, where that is another address. */
  readonly outerTcp: string;
  /** The addresses of those behind it. */
  readonly inside: readonly string[];
}

/** The ruleset of the NAT that is next to the internet; its links are `wan` and `lan`. It may be loaded again. */
export function natRulesetOf(shape: Exclude<NatShape, 'none'>, rules: NatRules): string {
  return `table ip nat
delete table ip nat
table ip nat {
${shape === 'port-restricted' ? `${formatEndpoints(rules)}\n${NOTHING_FOR_ITSELF}` : ''}
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ${statementsOf(shape, rules)
      .map((statement) => `oifname "wan" ${statement}`)
      .join('\n    ')}
  }
}
`;
}

function statementsOf(shape: Exclude<NatShape, 'none'>, { outer, outerTcp }: NatRules): string[] {
  switch (shape) {
    case 'masquerade':
      return ['masquerade'];
    case 'fully-random':
    case 'two NATs':
      return ['masquerade fully-random'];
    case 'port-restricted':
      return ['snat ip addr . port to ip saddr . udp sport map @endpoints', 'masquerade'];
    case 'symmetric':
      return [
        `ip protocol tcp snat to ${outerTcp}:1024-65535 fully-random`,
        `ip protocol udp snat to ${outer}:1024-65535 fully-random`,
        'masquerade',
      ];
  }
}

const NOTHING_FOR_ITSELF = `  chain input {
    type filter hook input priority filter; policy accept;
    iifname "wan" ct state new drop
  }`;

function formatEndpoints({ outer, inside }: NatRules): string {
  const endpoints = inside.flatMap((address, index) =>
    MAPPED_PORTS.map((port, nth) => `${address} . ${port} : ${outer} . ${20_000 + 100 * nth + index}`),
  );
  return `  map endpoints {
    type ipv4_addr . inet_service : ipv4_addr . inet_service
    elements = { ${endpoints.join(', ')} }
  }`;
}
