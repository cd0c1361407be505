/** Who is who when one end of the link between the hub and faraday is attacked. */
export interface Parties {
  /** How tables call the victim. */
  readonly role: 'hub' | 'gateway';
  readonly victim: Victim;
  /** A host of the victim's network, which the attack is after, and one that is not there. */
  readonly behind: { readonly host: string; readonly address: string; readonly neighbour: string };
  /** Where the victim would send what arrives, or would take it in, were it asked by others. */
  readonly beyond: readonly string[];
  /** The other end of the link, and a source that its packets may have. */
  readonly peer: { readonly host: string; readonly outer: string; readonly inside: string };
  /** Sources that only packets of other peers have. */
  readonly otherPeer?: string;
  /** The link of `internet` that the attacks start from. */
  readonly wire: string;
}

interface Victim {
  readonly host: string;
  readonly outer: string;
  readonly inner: string;
  /** Its link with the outer address. */
  readonly uplink: string;
  /** An address on its other link to the same wire. */
  readonly lan: string;
}

/** Outer source of a stranger. */
export const STRANGER = '203.0.113.66';

/** Inner source that nobody on the island has. */
export const FOREIGN = '198.51.100.77';

/** Beyond the island, where the internet begins. */
const NOBODY = '203.0.113.77';

/** On the host behind the hub, and none of the island's: only what the hub sends on by DNAT gets there. */
export const POD = '10.244.1.10';

/** A second peer of the hub, which need not be there. */
export const LAPTOP = { outer: '198.51.100.9', inner: '10.3.1.5' } as const;

const HUB: Victim = {
  ...{ host: 'sopnode-l1', outer: '138.96.245.50', inner: '10.3.1.2' },
  ...{ uplink: 'eth0', lan: '172.31.0.1' },
};

const GATEWAY: Victim = {
  ...{ host: 'faraday', outer: '138.96.16.97', inner: '10.3.1.3' },
  ...{ uplink: 'internet', lan: '172.31.1.1' },
};

/** The hub attacked in the name of its peer. */
export const AT_HUB: Parties = {
  role: 'hub',
  victim: HUB,
  behind: { host: 'sopnode-w1', address: '138.96.245.51', neighbour: '138.96.245.52' },
  beyond: [NOBODY, POD],
  peer: { host: GATEWAY.host, outer: GATEWAY.outer, inside: '192.168.3.5' },
  otherPeer: LAPTOP.inner,
  wire: 'cluster',
};

/** The peer attacked in the name of the hub. */
export const AT_GATEWAY: Parties = {
  role: 'gateway',
  victim: GATEWAY,
  behind: { host: 'fit01', address: '192.168.3.1', neighbour: '192.168.3.2' },
  beyond: [NOBODY, '138.96.16.97'],
  peer: { host: HUB.host, outer: HUB.outer, inside: '138.96.245.52' },
  wire: 'campus',
};
