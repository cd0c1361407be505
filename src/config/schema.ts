// A namespace import: esbuild drops what is not used of it, and every command pays for the rest at start-up.
import * as z from 'zod';
import { type Fault, nameFault } from '../model/names.ts';
import {
  checkFaults,
  endFaults,
  hostFaults,
  hostListFaults,
  networkFaults,
  ownerFault,
  recordFaults,
  targetFault,
  tcpTargetFault,
} from './entries.ts';
import { atRoot, type EntryFault, said } from './fault.ts';
import {
  addressFault,
  addressRangeFault,
  CNI_PORTS,
  durationFault,
  endNameFault,
  ISLAND_NAME,
  islandNameFault,
  mtuFault,
  nameRangeFault,
  portFault,
  subnetFault,
  subnetRangeFault,
  zoneFault,
} from './values.ts';

/** What the JSON Schema says beside the type; editors check it while one types. */
type Keywords = Readonly<Record<string, unknown>>;

const IPIP_WORKERS: Fault = {
  message: 'workers cannot use it, since a NAT carries it for one worker only',
  hint: 'leave out "link": the links of workers are vxlan',
};

/** The format of an island's file: every key, its meaning and its default. */
export const configSchema = section({
  island: text(islandNameFault, 'r2lab', { pattern: ISLAND_NAME.source }).meta({
    description: 'Name of the island and of its units.',
  }),
  subnet: text(subnetFault, '10.3.1.0/24').default('10.3.1.0/24').meta({
    description: 'Inner addresses are taken from here; every host carries its own as a /32.',
  }),
  link: linkKind().default('ipip').meta({ description: 'Kind of link to a peer that names none.' }),
  zone: text(zoneFault, 'r2lab.internal')
    .optional()
    .meta({ description: 'Domain of its names; `<island>.internal` if left out.' }),
  port: number(portFault, { minimum: 1024, maximum: 65_535, not: { enum: CNI_PORTS } })
    .default(10_310)
    .meta({
      description:
        'UDP port of vxlan links, TCP port of the control API, number of the routing table. ' +
        'Two islands on one host differ here. Never 4789 or 8472: CNIs own these.',
    }),
  mtu: mtuOrAuto()
    .default('auto')
    .meta({ description: "The underlay's MTU in bytes; `auto`: that of its route." }),
  hub: judged(section(endKeys()), endFaults).meta({ description: 'The host every link ends on.' }),
  peers: z
    .array(judged(section({ ...endKeys(), link: peerLink() }), endFaults))
    .default([])
    .meta({ description: 'The hosts at the other ends of the links.' }),
  hosts: judged(z.array(hostEntry()), hostListFaults)
    .default([])
    .meta({ description: 'Hosts on the networks, by name.' }),
  forwarding: section({
    networks: z.boolean().default(true).meta({ description: 'Forward between networks of gateways.' }),
    workers: z.boolean().default(false).meta({ description: 'Forward between workers.' }),
  })
    .prefault({})
    .meta({ description: 'What gateways and the hub pass on.' }),
  workers: workers().optional().meta({ description: 'If there, workers may join with a token.' }),
  dns: section({
    listen: z.array(address()).default([]).meta({ description: 'LAN addresses to answer on, too.' }),
    records: z.array(dnsRecord()).default([]).meta({ description: 'Records beside those of the hosts.' }),
  })
    .prefault({})
    .meta({ description: 'The DNS responder.' }),
  checks: z.array(check()).default([]).meta({ description: 'What `island test` must reach, too.' }),
}).meta({ title: 'island', description: 'One routed overlay. The file is the same on every host.' });

/** What a file says once every default is in place. */
export type Config = z.output<typeof configSchema>;

/** The zone of an island whose file names none. */
export function defaultZone(island: string): string {
  return `${island}.internal`;
}

function endKeys() {
  return {
    name: text(endNameFault, 'sopnode-l1').meta({
      description: 'Its name; the zone also has `<name>-tunnel`, its inner address.',
    }),
    outer: address('138.96.245.50').meta({
      description: 'Its address on the underlay, as the other end reaches it.',
    }),
    local: address('10.0.0.7').optional().meta({
      description: "The address it has itself, where `outer` is a cloud's 1:1 NAT.",
    }),
    inner: address('10.3.1.2').meta({ description: "Its address in the island's subnet." }),
    mtu: number(mtuFault, { minimum: 576, maximum: 65_535 }).optional().meta({
      description: "MTU of its underlay in bytes, where it differs from the island's.",
    }),
    networks: z.array(judged(networkEntry(), networkFaults)).default([]).meta({
      description: 'The LANs whose hosts reach the island through it.',
    }),
  };
}

function networkEntry() {
  return section({
    subnet: text(subnetFault, '192.168.3.0/24').meta({ description: 'The subnet of the LAN.' }),
    gateway: address('192.168.3.100').optional().meta({
      description:
        'Next hop of its hosts; the outer (or local) address when left out, if that lies in the subnet.',
    }),
  });
}

function hostEntry() {
  const entry = section({
    name: text(nameRangeFault, 'fit[01-37]').meta({ description: 'Its name, or a range of names.' }),
    address: text(addressRangeFault, '192.168.3.[1-37]').meta({
      description: 'Its address in a network, or a range that pairs up with the names.',
    }),
    routes: z.array(text(subnetRangeFault, '10.244.[1-37].0/24')).default([]).meta({
      description: 'Subnets behind this host (its pods) that everybody else routes towards it.',
    }),
    translate: z.boolean().default(false).meta({
      description: 'It takes no routes: its gateway translates what the island sends it.',
    }),
  });
  return judged(entry, hostFaults);
}

function workers() {
  return section({
    pool: text(subnetFault, '10.3.1.64/26').meta({
      description: "Inner addresses to lease, inside the island's subnet.",
    }),
    keepalive: text((value) => durationFault(value, ['1s', '5m']), '20s')
      .default('20s')
      .meta({
        description: "How often a worker keeps its NAT's mapping open, from 1s to 5m.",
      }),
    link: z
      .literal('vxlan', { error: said(IPIP_WORKERS) })
      .default('vxlan')
      .meta({ description: 'Always vxlan: plain IPIP does not cross a NAT that is not ours.' }),
  });
}

function dnsRecord() {
  const record = section({
    name: text(ownerFault, 'api').meta({
      description: 'Owner name relative to the zone, `@` for the zone itself.',
    }),
    type: z
      .enum(['A', 'AAAA', 'CNAME', 'TXT', 'SRV'], {
        error: said({ message: 'not a type of record', hint: 'write A, AAAA, CNAME, TXT or SRV' }),
      })
      .default('A')
      .meta({ description: 'Type of the record.' }),
    value: text(() => undefined, '192.168.3.10').meta({ description: 'What it says, as in a zone file.' }),
  });
  return judged(record, recordFaults);
}

function check() {
  const entry = section({
    name: text(nameFault, 'apiserver').meta({ description: 'Its name in the report.' }),
    ping: text(targetFault, 'fit01')
      .optional()
      .meta({ description: 'A name or address that must answer a ping.' }),
    tcp: text(tcpTargetFault, 'sopnode-l1:6443').optional().meta({
      description: 'A `name:port` or `address:port` that must take a connection.',
    }),
    dns: text(targetFault, 'fit01')
      .optional()
      .meta({ description: 'A name of the island that must resolve.' }),
    required: z.boolean().default(true).meta({ description: 'Whether `island test` fails without it.' }),
  });
  return judged(entry, checkFaults).meta({
    oneOf: ['ping', 'tcp', 'dns'].map((kind) => ({ required: [kind] })),
  });
}

function linkKind() {
  return z.enum(['ipip', 'vxlan'], {
    error: said({ message: 'not a kind of link', hint: 'write ipip or vxlan' }),
  });
}

function peerLink() {
  return linkKind().optional().meta({ description: "Kind of this link, if not the island's." });
}

function mtuOrAuto() {
  const hint = 'write auto, or a number of bytes from 576 to 65535';
  const bytes = number(mtuFault, { minimum: 576, maximum: 65_535 });
  return z.union([z.literal('auto'), bytes], { error: said({ message: 'not an MTU', hint }) });
}

function address(example = '192.168.3.100') {
  return text(addressFault, example, { format: 'ipv4' });
}

/** A string; what YAML takes for a number or a boolean is answered with "quote it" where the quoted text would do. */
function text(faultIn: (value: string) => Fault | undefined, example: string, keywords: Keywords = {}) {
  const error = ({ input }: { readonly input?: unknown }) => {
    if (input === undefined) return said({ message: 'missing', hint: `add it, such as ${example}` });
    if (typeof input !== 'number' && typeof input !== 'boolean') return undefined;
    const fault = faultIn(String(input));
    return fault === undefined ? undefined : said(fault);
  };
  const schema = judged(z.string({ error }), (value) => atRoot(faultIn(value)));
  return schema.meta({ examples: [example], ...keywords });
}

function number(faultIn: (value: number) => Fault | undefined, keywords: Keywords) {
  const wrong = faultIn(Number.NaN);
  const schema = z.number(wrong === undefined ? {} : { error: said(wrong) });
  return judged(schema, (value) => atRoot(faultIn(value))).meta({ type: 'integer', ...keywords });
}

/** A map that takes no other keys; what it takes is said where one is unknown. */
function section<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: ({ code }) => (code === 'unrecognized_keys' ? Object.keys(shape).join(' ') : undefined),
  });
}

function judged<Schema extends z.ZodType>(
  schema: Schema,
  faultsIn: (value: z.output<Schema>) => readonly EntryFault[],
): Schema {
  return schema.check(({ value, issues }) => {
    for (const { path, value: shown, ...fault } of faultsIn(value)) {
      issues.push({ code: 'custom', input: value, path: [...path], message: said(fault), params: { shown } });
    }
  });
}
