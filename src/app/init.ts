import { formatPath } from '../config/fault.ts';
import { checkConfig } from '../config/load.ts';
import { subnetFault } from '../config/values.ts';
import { IslandError } from '../errors.ts';
import { formatSubnet, fromNumber, parseSubnet, type Subnet, toNumber } from '../model/ip.ts';
import type { LinkKind } from '../model/island.ts';

/** What the flags of `island init` say; everything else is as in the sample. */
export interface InitOptions {
  /** `--name`: the island's name. */
  readonly name?: string | undefined;
  /** `--subnet`: where inner addresses are taken from. */
  readonly subnet?: string | undefined;
  readonly link?: LinkKind | undefined;
  readonly port?: number | undefined;
  /** `--hub NAME=OUTER[,SUBNET[@GATEWAY]]…` */
  readonly hub?: string | undefined;
  /** `--peer`, repeatable, written as the hub is. */
  readonly peers?: readonly string[] | undefined;
}

interface End {
  readonly name: string;
  readonly outer: string;
  readonly networks: readonly { readonly subnet: string; readonly gateway: string | undefined }[];
}

const SAMPLE_HUB = 'sopnode-l1=138.96.245.50,138.96.245.0/24';
const SAMPLE_PEER = 'faraday=138.96.16.97,192.168.3.0/24@192.168.3.100,192.168.2.0/24@192.168.2.100';

/** A commented file for a new island, valid as it stands; E_USAGE when the flags describe none. */
export function starterFile(options: InitOptions = {}): string {
  const { name = 'r2lab', subnet = '10.3.1.0/24', link = 'ipip', port = 10_310, peers = [] } = options;
  if (options.hub === undefined && peers.length > 0) {
    throw new IslandError('E_USAGE', `a peer without a hub: ${JSON.stringify(peers[0])}`, {
      hint: 'add --hub NAME=OUTER, such as --hub sopnode-l1=138.96.245.50',
    });
  }
  const isSample = options.hub === undefined;
  const inside = parsedSubnet(subnet);
  const innerOf = innerAddresses(inside);
  const text = [
    ...head({ name, subnet, link, port }),
    ...hubLines(parseEnd(options.hub ?? SAMPLE_HUB), innerOf(0)),
    '',
    ...peerLines((isSample ? [SAMPLE_PEER] : peers).map(parseEnd), innerOf),
    '',
    ...tail(isSample, poolIn(inside)),
    '',
  ].join('\n');
  refuseFaults(text);
  return text;
}

function head({
  name,
  subnet,
  link,
  port,
}: Required<Pick<Flags, 'name' | 'subnet' | 'link' | 'port'>>): string[] {
  return [
    '# An island: the same file on every host, as /etc/island/<island>.yaml.',
    '# Check it with "island config check"; "island config schema" prints its format for editors.',
    `island: ${quoted(name)}`,
    `subnet: ${quoted(subnet)}   # inner addresses; every host carries its own as a /32`,
    `link: ${link}   # ipip, or vxlan where a firewall on the way drops protocol 4`,
    `port: ${port}   # UDP of vxlan, TCP of the control API, routing table; another one for a second island on a host`,
    `# zone: ${name}.internal   # domain of the island's names`,
    '# mtu: 1500   # of the underlay, where its route does not tell',
    '',
  ];
}

type Flags = { readonly [Key in keyof InitOptions]: NonNullable<InitOptions[Key]> };

function hubLines(hub: End, inner: string): string[] {
  return ['# The host every link ends on.', 'hub:', ...endLines(hub, inner).map((line) => `  ${line}`)];
}

function peerLines(peers: readonly End[], innerOf: (index: number) => string): string[] {
  const comment =
    '# The hosts at the other ends. Networks are the LANs that reach the island through a host.';
  if (peers.length === 0) {
    const example = endLines(parseEnd(SAMPLE_PEER), innerOf(1)).map((line, index) => listed(line, index));
    return [comment, 'peers: []', '# peers:', ...example.map((line) => `# ${line}`)];
  }
  return [
    comment,
    'peers:',
    ...peers.flatMap((peer, place) =>
      endLines(peer, innerOf(place + 1)).map((line, index) => listed(line, index)),
    ),
  ];
}

function listed(line: string, index: number): string {
  return index === 0 ? `  - ${line}` : `    ${line}`;
}

function endLines({ name, outer, networks }: End, inner: string): string[] {
  const lines = [
    `name: ${quoted(name)}`,
    `outer: ${quoted(outer)}   # on the underlay`,
    `inner: ${inner}   # in the island`,
  ];
  if (networks.length === 0) return lines;
  return [
    ...lines,
    'networks:',
    ...networks.map(({ subnet, gateway }) =>
      gateway === undefined
        ? `  - subnet: ${quoted(subnet)}   # next hop of its hosts: the outer address, which lies inside`
        : `  - { subnet: ${quoted(subnet)}, gateway: ${quoted(gateway)} }   # gateway: next hop of its hosts`,
    ),
  ];
}

function tail(isSample: boolean, pool: string): string[] {
  const mark = isSample ? '' : '# ';
  return [
    '# Optional: hosts on the networks, for names, for tests, and for what lies behind them.',
    `${mark}hosts:`,
    `${mark}  - { name: "fit[01-37]", address: "192.168.3.[1-37]" }`,
    `${mark}  - { name: sopnode-w1, address: 138.96.245.51, routes: [10.244.1.0/24] }   # pods behind it`,
    `${mark}  - { name: pdu, address: 138.96.245.30, translate: true }   # takes no routes`,
    '',
    '# forwarding: { networks: true, workers: false }   # between networks of gateways; between workers',
    `# workers: { pool: ${pool}, keepalive: 20s }   # hosts behind a NAT that is not ours join with a token`,
    '# dns: { listen: [192.168.3.100] }   # LAN addresses to answer on beside the inner ones',
    '# checks:   # what "island test" must reach besides the island',
    '#   - { name: apiserver, tcp: "sopnode-l1:6443", required: true }',
  ];
}

function parseEnd(text: string): End {
  const [name = '', rest = '', ...more] = text.split('=');
  const [outer = '', ...networks] = rest.split(',');
  if (name === '' || outer === '' || more.length > 0) {
    throw new IslandError('E_USAGE', `not a host of an island: ${JSON.stringify(text)}`, {
      hint: 'write NAME=OUTER[,SUBNET[@GATEWAY]], such as faraday=138.96.16.97,192.168.3.0/24@192.168.3.100',
    });
  }
  return {
    name,
    outer,
    networks: networks.map((network) => {
      const [subnet = '', gateway] = network.split('@');
      return { subnet, gateway };
    }),
  };
}

/** Inner addresses in the order of the file; the first one is left to a router, as on most networks. */
function innerAddresses({ network }: Subnet): (index: number) => string {
  return (index) => fromNumber(toNumber(network) + 2 + index);
}

/** A quarter of a /24 behind the addresses of the peers, where the subnet has that much. */
function poolIn({ network, prefix }: Subnet): string {
  return prefix > 24 ? formatSubnet({ network, prefix }) : `${fromNumber(toNumber(network) + 64)}/26`;
}

function parsedSubnet(text: string): Subnet {
  const fault = subnetFault(text);
  if (fault === undefined) return parseSubnet(text);
  throw new IslandError('E_USAGE', `subnet: ${fault.message}, ${JSON.stringify(text)}`, { hint: fault.hint });
}

/** YAML takes some names for numbers or booleans: 08, on. */
function quoted(text: string): string {
  return /^[a-z][a-z0-9./-]*$|^\d+(?:\.\d+){3}(?:\/\d+)?$/.test(text) && !/^(?:true|false|null)$/.test(text)
    ? text
    : JSON.stringify(text);
}

/** What is wrong with the text comes from a flag, since the rest of it is ours. */
function refuseFaults(text: string): void {
  const [problem] = checkConfig(text);
  if (problem === undefined) return;
  const shown = problem.value === undefined ? '' : `, ${JSON.stringify(problem.value)}`;
  throw new IslandError('E_USAGE', `${formatPath(problem.path)}: ${problem.message}${shown}`, {
    hint: problem.hint,
  });
}
