import type { Attack } from './attack.ts';
import {
  addressBytes,
  arp,
  ETHERTYPE,
  fragments,
  ipv4,
  ipv6,
  PROTOCOL,
  tcpSyn,
  udp,
  vlan,
} from './frames.ts';
import { echoRequest } from './icmp.ts';
import { FOREIGN, STRANGER } from './parties.ts';
import { marked } from './tunnel.ts';
import type { Endpoint, WorkerScene } from './worker-scene.ts';

/** An attack on a workers' link in words; what it leaves out is as the other end's packets have it. */
export interface WorkerSpec {
  readonly name: string;
  /** Of the frame inside. */
  readonly source?: string;
  readonly destination?: string;
  readonly vni?: number;
  readonly outer?: Endpoint;
  /** What is inside, with the marker; to each of `to`. */
  readonly frames?: (marker: number, to: string) => readonly Inside[];
  readonly inner?: string;
  readonly to?: readonly string[];
  readonly cut?: number;
  readonly options?: Buffer;
  readonly delivered?: (marker: number) => NonNullable<Attack['delivered']>;
  /** With the MAC of the other end, and all that belongs to it: it has to get in. */
  readonly open?: boolean;
  /** Whether the kernel refuses it without a guard, too. */
  readonly idle?: boolean;
}

export interface Inside {
  readonly type: number;
  readonly payload: Buffer;
}

/** What the attacker takes for the MAC that he does not know. */
export const GUESS = '0e:66:6f:72:67:65';
const BROADCAST = 'ff:ff:ff:ff:ff:ff';
const NOP_OPTIONS = Buffer.from([1, 1, 1, 0]);

/** With everything known but the MAC of the other end; then, with that MAC, what is not the other end's; then its own. */
export function workerSpecs(scene: WorkerScene): WorkerSpec[] {
  return [
    ...kinds(scene),
    ...headers(scene),
    ...macs(scene),
    ...crossed(scene),
    ...pieces(),
    ...insiders(scene),
    ...asTheOtherEnd(scene),
  ];
}

/** What may be inside of a tunnel packet. */
function kinds({ victimInner, inner, peerInner, victimMac }: WorkerScene): WorkerSpec[] {
  const to = [victimInner];
  const packet = (protocol: number, payload: Buffer) => [
    { type: ETHERTYPE.ipv4, payload: ipv4({ source: inner, destination: victimInner, protocol, payload }) },
  ];
  return [
    { name: 'a datagram' },
    {
      ...{ name: 'a TCP SYN', to, frames: (marker) => packet(PROTOCOL.tcp, tcpSyn(marker)) },
      delivered: (marker) => ({ family: 'inet', match: `tcp dport ${marker}` }),
    },
    {
      ...{ name: 'an ICMP echo request', to, frames: (marker) => packet(PROTOCOL.icmp, echoRequest(marker)) },
      delivered: (marker) => ({ family: 'inet', match: `icmp type echo-request icmp id ${marker}` }),
    },
    {
      ...{ name: 'a datagram in fragments', to },
      frames: (marker) =>
        fragments({ ...marked(marker, { from: inner, to: victimInner }, 64), id: marker }, 16).map(
          (part) => ({
            ...{ type: ETHERTYPE.ipv4, payload: ipv4(part) },
          }),
        ),
    },
    arpSpec('an ARP request', { sender: peerInner, target: victimInner, operation: 1 }),
    arpSpec('an ARP answer', { sender: peerInner, target: victimInner, operation: 2 }),
    {
      ...arpSpec('an ARP answer to its MAC', { sender: peerInner, target: victimInner, operation: 2 }),
      destination: victimMac,
    },
    arpSpec('a gratuitous ARP request', { sender: peerInner, target: peerInner, operation: 1 }),
    arpSpec('a gratuitous ARP answer', { sender: peerInner, target: peerInner, operation: 2 }),
    {
      ...{
        name: 'IPv6',
        to,
        frames: (marker) => [{ type: ETHERTYPE.ipv6, payload: toAllNodes(inner, marker) }],
      },
      destination: '33:33:00:00:00:01',
    },
    {
      name: 'a VLAN tag',
      frames: (marker, target) => [
        { type: ETHERTYPE.vlan, payload: vlan(0, datagram(marker, { from: inner, to: target })) },
      ],
    },
    ...[ETHERTYPE.ipv6, 0x88b5].map((type) => ({
      ...{ name: `an IPv4 packet of type 0x${type.toString(16)}`, idle: true },
      frames: (marker: number, target: string) => [
        { ...datagram(marker, { from: inner, to: target }), type },
      ],
    })),
  ];
}

interface ArpSpec {
  readonly sender: string;
  readonly target: string;
  readonly operation: number;
  readonly source?: string;
}

/** Known again by the MAC that it says the sender has. */
function arpSpec(name: string, { sender, target, operation, source = GUESS }: ArpSpec): WorkerSpec {
  const macFor = (marker: number) => `0e:66:00:00:${hex(marker >> 8)}:${hex(marker & 0xff)}`;
  return {
    ...{ name, to: [target], source, destination: BROADCAST },
    frames: (marker) => [{ type: ETHERTYPE.arp, payload: arp(macFor(marker), sender, target, operation) }],
    delivered: (marker) => ({ family: 'arp', match: `arp saddr ether ${macFor(marker)}` }),
  };
}

function headers({ victimInner }: WorkerScene): WorkerSpec[] {
  return [
    { name: 'behind an IP option outside', options: NOP_OPTIONS },
    { name: 'a source of nobody inside', inner: FOREIGN },
    { name: "the victim's own source inside", inner: victimInner },
  ];
}

function macs({ victimMac, peerMac }: WorkerScene): WorkerSpec[] {
  const flipped = `${peerMac.slice(0, -1)}${(Number.parseInt(peerMac.slice(-1), 16) ^ 1).toString(16)}`;
  return [
    { name: 'neither MAC known', destination: '0e:61:6c:6c:61:6c', idle: true },
    { name: 'the MAC all zero', source: '00:00:00:00:00:00' },
    { name: 'the MAC that of everybody', source: BROADCAST },
    { name: "the MAC the victim's own", source: victimMac, idle: true },
    { name: 'the MAC right but for its last bit', source: flipped },
    { name: 'to the MAC of everybody', destination: BROADCAST },
    { name: 'to the MAC all zero', destination: '00:00:00:00:00:00', idle: true },
  ];
}

/** What belongs to a static link with what belongs to a worker's. */
function crossed({ role, static: { vni, mac, peer }, to }: WorkerScene): WorkerSpec[] {
  const both = [
    { name: 'with the VNI of the static links', vni, idle: true },
    { name: 'the same, to the MAC of the static link', vni, destination: mac, idle: role === 'worker' },
  ];
  if (role === 'worker') return both;
  const outer = { address: peer, port: to.port };
  return [
    ...both,
    { name: 'from a static peer, with the VNI of the workers', outer },
    { name: 'the same, its own source inside', outer, inner: '192.168.3.5' },
    { name: 'from a stranger', outer: { address: STRANGER, port: 4711 } },
    { name: "from the victim's own address", outer: to },
  ];
}

function pieces(): WorkerSpec[] {
  return [8, 16, 24, 1400].map((cut) => ({ name: `first fragment of ${cut} bytes`, cut }));
}

/** Who has the MAC, since he is the other end or was let see it, and goes beyond what is his. */
function insiders(scene: WorkerScene): WorkerSpec[] {
  const { role, peerMac: source, static: known, victimInner, inner } = scene;
  const own = [
    {
      ...{ name: 'with the MAC: to an address outside the island', source, to: ['203.0.113.77'] },
      idle: role === 'worker',
    },
    {
      ...{ name: 'with the MAC: IPv6', source, to: [victimInner], destination: '33:33:00:00:00:01' },
      frames: (marker: number) => [{ type: ETHERTYPE.ipv6, payload: toAllNodes(inner, marker) }],
    },
    { name: 'with the MAC: a source of nobody inside', source, inner: FOREIGN },
    { name: "with the MAC: the victim's own source inside", source, inner: victimInner },
    { name: 'with the MAC: to the MAC of everybody', source, destination: BROADCAST },
    {
      ...arpSpec("with the MAC: another host's address in an ARP answer", {
        ...{ sender: role === 'hub' ? OTHER.inner : inner, target: victimInner, operation: 2, source },
      }),
      destination: scene.victimMac,
    },
    { name: 'with the MAC: the VNI of the static links', source, vni: known.vni, idle: true },
  ];
  if (role === 'worker') return own;
  return [
    ...own,
    { name: "with the MAC: another worker's source inside", source, inner: OTHER.inner },
    { name: "with the MAC: a source in another worker's range", source, inner: OTHER.pod },
    { name: 'with the MAC: a source of a static peer', source, inner: '192.168.3.5' },
    { name: 'with the MAC: a source of the hub network', source, inner: '138.96.245.52' },
    { name: 'with the MAC: to another worker', source, to: [OTHER.inner] },
  ];
}

/** Of the second worker of the site. */
export const OTHER = { inner: '10.3.1.65', range: '10.244.2.0/24', pod: '10.244.2.7' } as const;

/** The control: it is the other end's in every respect. */
function asTheOtherEnd({ peerMac: source, peerInner, victimInner, victimMac }: WorkerScene): WorkerSpec[] {
  const asking = { sender: peerInner, target: victimInner, operation: 1, source };
  return [
    { name: 'with the MAC', source, open: true },
    { ...arpSpec('with the MAC: ARP', asking), destination: victimMac, open: true },
    ...[8, 1400].map((cut) => ({
      ...{ name: `with the MAC, first fragment of ${cut} bytes`, source, cut, open: true },
    })),
  ];
}

/** An IPv4 packet with a datagram to the marker. */
export function datagram(
  marker: number,
  ends: { readonly from: string; readonly to: string },
  bytes = 64,
): Inside {
  return { type: ETHERTYPE.ipv4, payload: ipv4(marked(marker, ends, bytes)) };
}

/** `decoy` stands where an IPv4 header has its source. */
function toAllNodes(decoy: string, marker: number): Buffer {
  const source = `20010db8${addressBytes(decoy).toString('hex')}0000000000000001`;
  return ipv6(
    source,
    'ff020000000000000000000000000001',
    udp({ from: marker, to: marker }, Buffer.alloc(16)),
  );
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
