import { type Attack, attackOf, FIRST_MARKER, type Spec } from './attack.ts';
import { addressBytes, arp, ETHERTYPE, gre, ipv4, ipv6, PROTOCOL, udp, vlan } from './frames.ts';
import { FOREIGN, STRANGER } from './parties.ts';
import { type Carried, type Scene, tunnelled } from './tunnel.ts';

/** Every attack on the victim of the scene, those that are open at the end. */
export function attacks(scene: Scene): Attack[] {
  const specs = [
    ...strangers(scene),
    ...sources(scene),
    ...pieces(),
    ...headers(scene),
    ...(scene.kind === 'vxlan' ? frames(scene) : []),
    ...protocols(scene),
    ...open(),
  ];
  return specs.map((spec, index) => attackOf(scene, spec, FIRST_MARKER + index));
}

function strangers({ parties: { victim } }: Scene): Spec[] {
  return [
    { name: 'a stranger', outer: STRANGER },
    { name: 'a stranger on another interface', outer: STRANGER, by: 'lan' },
    { name: 'a stranger, to another address of the victim', outer: STRANGER, by: 'lan', at: victim.lan },
    { name: "outer source the victim's own", outer: victim.outer },
  ];
}

/** With the peer's outer source. */
function sources({ parties: { victim, behind, beyond, otherPeer } }: Scene): Spec[] {
  return [
    { name: 'inner source of nobody', inner: FOREIGN },
    { name: 'the same on another interface', inner: FOREIGN, by: 'lan' },
    { name: "inner source the victim's own outer address", inner: victim.outer },
    { name: "inner source the victim's own inner address", inner: victim.inner },
    { name: 'inner source of a host behind the victim', inner: behind.neighbour },
    { name: 'inner source a loopback address', inner: '127.0.0.1' },
    ...(otherPeer === undefined ? [] : [{ name: "inner source another peer's", inner: otherPeer }]),
    { name: 'inner destination outside the island', to: beyond },
    { name: 'inner destination all hosts of a link (224.0.0.1)', to: ['224.0.0.1'] },
  ];
}

function pieces(): Spec[] {
  return [8, 16, 24, 1400].flatMap((cut) => [
    { name: `a stranger, first fragment of ${cut} bytes`, outer: STRANGER, cut },
    { name: `inner source of nobody, first fragment of ${cut} bytes`, inner: FOREIGN, cut },
  ]);
}

function headers(scene: Scene): Spec[] {
  const { victim, peer } = scene.parties;
  // An option of no meaning, 16 bytes, the last four of which stand where an inner source does without options.
  const decoy = Buffer.concat([Buffer.from([0x1e, 16]), Buffer.alloc(10), addressBytes(peer.inside)]);
  const within = (inner: Buffer) =>
    ipv4({ source: peer.inside, destination: victim.outer, ...tunnelled(scene, inner) });
  return [
    {
      name: 'inner source of nobody behind an option',
      inner: FOREIGN,
      options: Buffer.from([1, 1, 1, 0]),
    },
    { name: 'an allowed one in the option instead', inner: FOREIGN, options: decoy },
    {
      name: 'a tunnel packet inside the tunnel',
      inner: FOREIGN,
      nested: true,
      carry: (inner) => tunnelled(scene, within(inner)),
    },
  ];
}

/** What only a link that carries Ethernet can be given. */
function frames(scene: Scene): Spec[] {
  const { victim, peer } = scene.parties;
  const frame = (type: number, payload: Buffer) => tunnelled(scene, payload, { type });
  const toVictim = [victim.inner];
  return [
    { name: 'a wrong VNI', carry: (inner) => tunnelled(scene, inner, { vni: scene.vni + 1 }) },
    {
      name: 'a broadcast inner MAC',
      carry: (inner) => tunnelled(scene, inner, { mac: 'ff:ff:ff:ff:ff:ff' }),
    },
    {
      name: 'inner IPv6',
      to: toVictim,
      carry: (_, marker) => frame(ETHERTYPE.ipv6, ipv6Datagram(peer.inside, marker)),
    },
    {
      name: 'inner ARP',
      to: toVictim,
      carry: () => frame(ETHERTYPE.arp, arpRequest(peer.inside, victim.inner)),
      delivered: { family: 'arp', match: 'iifname "isl-*"' },
    },
    {
      name: 'inner VLAN tag',
      carry: (inner) => frame(ETHERTYPE.vlan, vlan(0, { type: ETHERTYPE.ipv4, payload: inner })),
    },
  ];
}

/** What no unencrypted tunnel can tell from the peer's own; cut, it is what an honest router makes of that. */
function open(): Spec[] {
  return [
    { name: 'both sources forged', open: true },
    ...[8, 1400].map((cut) => ({
      ...{ name: `both sources forged, first fragment of ${cut} bytes`, cut, open: true },
    })),
  ];
}

/** Of which a host without any such tunnel makes nothing, so they count as soon as its firewall lets them be. */
function protocols({ parties: { victim, peer } }: Scene): Spec[] {
  const to = [victim.inner];
  const whileJoined = true;
  return [
    {
      ...{ name: 'IPv6 in IPv4 (protocol 41)', to, whileJoined },
      carry: (_, marker) => ({ protocol: PROTOCOL.ipv6, payload: ipv6Datagram(peer.inside, marker) }),
      delivered: { family: 'inet', match: `ip protocol ${PROTOCOL.ipv6}` },
    },
    {
      ...{ name: 'GRE (protocol 47)', to, whileJoined },
      carry: (inner): Carried => ({ protocol: PROTOCOL.gre, payload: gre(inner) }),
      delivered: { family: 'inet', match: `ip protocol ${PROTOCOL.gre}` },
    },
  ];
}

/** To all nodes, for which no address has to be known; `decoy` stands where an IPv4 header has its source. */
function ipv6Datagram(decoy: string, marker: number): Buffer {
  const source = `20010db8${addressBytes(decoy).toString('hex')}0000000000000001`;
  const datagram = udp({ from: marker, to: marker }, Buffer.alloc(16));
  return ipv6(source, 'ff020000000000000000000000000001', datagram);
}

/** Half of `decoy` ends the MAC and half begins the sender: there an IPv4 header has its source. */
function arpRequest(decoy: string, target: string): Buffer {
  const [a = 0, b = 0, c, d] = addressBytes(decoy);
  return arp(`02:00:00:00:${hex(a)}:${hex(b)}`, `${c}.${d}.0.1`, target);
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
