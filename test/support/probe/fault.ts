import { modelFile } from '../island.ts';
import type { LabHost } from '../lab/host.ts';
import type { Lab } from '../lab/lab.ts';

/** Something that breaks, how it is mended, and what each host says is the cause. */
export interface ProbeFault {
  readonly name: string;
  /** Where it is. */
  readonly on: string;
  readonly breaks: (host: LabHost, lab: Lab) => Promise<unknown>;
  /** `island join` on that host unless given. */
  readonly mends?: (host: LabHost, lab: Lab) => Promise<unknown>;
  /** By host: `ISL-L01 faraday`; empty where nothing is wrong from there. */
  readonly seen: Readonly<Record<string, string>>;
}

/** The hosts on which `island test` is asked, and `island echo` runs; with ipip there is one behind a NAT as well. */
export const PROBED_HOSTS = {
  vxlan: ['sopnode-l1', 'sopnode-w1', 'faraday', 'fit01', 'fit02'],
  ipip: ['sopnode-l1', 'sopnode-w1', 'faraday', 'fit01', 'fit02', 'cloud1'],
} as const;

/** Behind the 1:1 NAT of a cloud. */
const CLOUD = '  - { name: cloud1, outer: 203.0.113.7, local: 10.66.0.5, inner: 10.3.1.4 }\n';

/** The file of the model network with the hosts that are there; `peers` is further YAML. */
export function probedFile(link: 'ipip' | 'vxlan', peers = ''): string {
  return modelFile(link, `${link === 'ipip' ? CLOUD : ''}${peers}`)
    .replace('fit[01-37]', 'fit[01-02]')
    .replace('192.168.3.[1-37]', '192.168.3.[1-2]')
    .replace('sopnode-w[1-3]', 'sopnode-w1')
    .replace('138.96.245.[51-53]', '138.96.245.51')
    .concat(link === 'vxlan' ? RECORDS : '', CHECKS, link === 'vxlan' ? NAME_CHECK : '');
}

const RECORDS = 'dns: { records: [{ name: www, type: CNAME, value: fit01 }] }\n';
const CHECKS = `checks:
  - { name: web, tcp: "fit01:8080" }
  - { name: node, ping: fit01 }
`;
const NAME_CHECK = '  - { name: names, dns: www }\n';

/** Of each host. What the file checks is found without the hub: who asks a silent one waits for a second. */
export const HOSTS = '127.0.0.1 localhost\n192.168.3.1 www.r2lab.internal\n';

export function here(code: string): string {
  return `${code} this host`;
}

export function nft(host: LabHost, text: string): Promise<string> {
  return host.run(['nft', '-f', '-'], { input: text });
}

/** Drops what the rule says where packets are forwarded, in front of everybody. */
export function dropOnTheWay(rule: string): ProbeFault['breaks'] {
  return dropOn('forward', rule);
}

export function dropOn(hook: 'forward' | 'input', rule: string): ProbeFault['breaks'] {
  return (host) =>
    nft(host, `table inet fault { chain drops { type filter hook ${hook} priority -10; ${rule}; }; }`);
}

export function noFault(host: LabHost): Promise<string> {
  return nft(host, 'delete table inet fault');
}
