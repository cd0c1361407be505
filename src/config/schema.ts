// A namespace import: esbuild drops what is not used of it, and every command pays for the rest at start-up.
import * as z from 'zod/mini';
import { durationFault } from '../model/duration.ts';
import { endNameFault, type Fault, ISLAND_NAME, nameFault } from '../model/names.ts';
import { dnsSection } from './dns-section.ts';
import {
  checkFaults,
  endFaults,
  hostFaults,
  hostListFaults,
  networkFaults,
  targetFault,
  tcpTargetFault,
} from './entries.ts';
import { said } from './fault.ts';
import { address, judged, linkKind, mtuOrAuto, number, section, text } from './format.ts';
import {
  addressRangeFault,
  CNI_PORTS,
  DEFAULT_PORT,
  islandNameFault,
  mtuFault,
  nameRangeFault,
  portFault,
  subnetFault,
  subnetRangeFault,
  zoneFault,
} from './values.ts';

const IPIP_WORKERS: Fault = {
  message: 'workers cannot use it, since a NAT carries it for one worker only',
  hint: 'leave out "link": the links of workers are vxlan',
};

/** The format of an island's file: every key, its meaning and its default. */
export const configSchema = section({
  island: text(islandNameFault, 'r2lab', { pattern: ISLAND_NAME.source }).check(
    z.meta({ description: 'Name of the island and of its units.' }),
  ),
  subnet: z
    ._default(text(subnetFault, '10.3.1.0/24'), '10.3.1.0/24')
    .check(
      z.meta({ description: 'Inner addresses are taken from here; every host carries its own as a /32.' }),
    ),
  link: z
    ._default(linkKind(), 'ipip')
    .check(z.meta({ description: 'Kind of link to a peer that names none.' })),
  zone: z
    .optional(text(zoneFault, 'r2lab.internal'))
    .check(z.meta({ description: 'Domain of its names; `<island>.internal` if left out.' })),
  port: z
    ._default(number(portFault, { minimum: 1024, maximum: 65_535, not: { enum: CNI_PORTS } }), DEFAULT_PORT)
    .check(
      z.meta({
        description:
          'UDP port of vxlan links, TCP port of the control API, number of the routing table. ' +
          'Two islands on one host differ here. Never 4789 or 8472: CNIs own these.',
      }),
    ),
  mtu: z
    ._default(mtuOrAuto(), 'auto')
    .check(z.meta({ description: "The underlay's MTU in bytes; `auto`: that of its route." })),
  hub: judged(section(endKeys()), endFaults).check(z.meta({ description: 'The host every link ends on.' })),
  peers: z
    ._default(z.array(judged(section({ ...endKeys(), link: peerLink() }), endFaults)), [])
    .check(z.meta({ description: 'The hosts at the other ends of the links.' })),
  hosts: z
    ._default(judged(z.array(hostEntry()), hostListFaults), [])
    .check(z.meta({ description: 'Hosts on the networks, by name.' })),
  forwarding: z
    .prefault(
      section({
        networks: z
          ._default(z.boolean(), true)
          .check(z.meta({ description: 'Forward between networks of gateways.' })),
        workers: z._default(z.boolean(), false).check(z.meta({ description: 'Forward between workers.' })),
      }),
      {},
    )
    .check(z.meta({ description: 'What gateways and the hub pass on.' })),
  workers: z.optional(workers()).check(z.meta({ description: 'If there, workers may join with a token.' })),
  dns: dnsSection().check(z.meta({ description: 'The names of the island.' })),
  checks: z
    ._default(z.array(check()), [])
    .check(z.meta({ description: 'What `island test` must reach, too.' })),
}).check(z.meta({ title: 'island', description: 'One routed overlay. The file is the same on every host.' }));

/** What a file says once every default is in place. */
export type Config = z.output<typeof configSchema>;

/** The zone of an island whose file names none. */
export function defaultZone(island: string): string {
  return `${island}.internal`;
}

function endKeys() {
  return {
    name: text(endNameFault, 'sopnode-l1').check(
      z.meta({ description: 'Its name; the zone also has `<name>-tunnel`, its inner address.' }),
    ),
    outer: address('138.96.245.50').check(
      z.meta({ description: 'Its address on the underlay, as the other end reaches it.' }),
    ),
    local: z
      .optional(address('10.0.0.7'))
      .check(z.meta({ description: "The address it has itself, where `outer` is a cloud's 1:1 NAT." })),
    inner: address('10.3.1.2').check(z.meta({ description: "Its address in the island's subnet." })),
    mtu: z
      .optional(number(mtuFault, { minimum: 576, maximum: 65_535 }))
      .check(z.meta({ description: "MTU of its underlay in bytes, where it differs from the island's." })),
    networks: z
      ._default(z.array(judged(networkEntry(), networkFaults)), [])
      .check(z.meta({ description: 'The LANs whose hosts reach the island through it.' })),
  };
}

function networkEntry() {
  return section({
    subnet: text(subnetFault, '192.168.3.0/24').check(z.meta({ description: 'The subnet of the LAN.' })),
    gateway: z.optional(address('192.168.3.100')).check(
      z.meta({
        description:
          'Next hop of its hosts; the outer (or local) address when left out, if that lies in the subnet.',
      }),
    ),
  });
}

function hostEntry() {
  const entry = section({
    name: text(nameRangeFault, 'fit[01-37]').check(z.meta({ description: 'Its name, or a range of names.' })),
    address: text(addressRangeFault, '192.168.3.[1-37]').check(
      z.meta({ description: 'Its address in a network, or a range that pairs up with the names.' }),
    ),
    routes: z
      ._default(z.array(text(subnetRangeFault, '10.244.[1-37].0/24')), [])
      .check(
        z.meta({ description: 'Subnets behind this host (its pods) that everybody else routes towards it.' }),
      ),
    translate: z
      ._default(z.boolean(), false)
      .check(z.meta({ description: 'It takes no routes: its gateway translates what the island sends it.' })),
  });
  return judged(entry, hostFaults);
}

function workers() {
  return section({
    pool: text(subnetFault, '10.3.1.64/26').check(
      z.meta({ description: "Inner addresses to lease, inside the island's subnet." }),
    ),
    keepalive: z
      ._default(
        text((value) => durationFault(value, ['8s', '5m']), '20s'),
        '20s',
      )
      .check(z.meta({ description: "How often a worker keeps its NAT's mapping open, from 8s to 5m." })),
    routes: z
      ._default(z.array(text(subnetFault, '10.244.64.0/18')), [])
      .check(
        z.meta({ description: 'Ranges from which a worker may bring its own (its pods) with `--route`.' }),
      ),
    link: z
      ._default(z.literal('vxlan', { error: said(IPIP_WORKERS) }), 'vxlan')
      .check(z.meta({ description: 'Always vxlan: plain IPIP does not cross a NAT that is not ours.' })),
  });
}

function check() {
  const entry = section({
    name: text(nameFault, 'apiserver').check(z.meta({ description: 'Its name in the report.' })),
    ping: z
      .optional(text(targetFault, 'fit01'))
      .check(z.meta({ description: 'A name or address that must answer a ping.' })),
    tcp: z
      .optional(text(tcpTargetFault, 'sopnode-l1:6443'))
      .check(z.meta({ description: 'A `name:port` or `address:port` that must take a connection.' })),
    dns: z
      .optional(text(targetFault, 'fit01'))
      .check(z.meta({ description: 'A name of the island that must resolve.' })),
    required: z
      ._default(z.boolean(), true)
      .check(z.meta({ description: 'Whether `island test` fails without it.' })),
  });
  return judged(entry, checkFaults).check(
    z.meta({
      oneOf: ['ping', 'tcp', 'dns'].map((kind) => ({ required: [kind] })),
    }),
  );
}

function peerLink() {
  return z.optional(linkKind()).check(z.meta({ description: "Kind of this link, if not the island's." }));
}
