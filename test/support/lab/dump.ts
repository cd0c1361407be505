import type { LabHost } from './host.ts';

/** All that island could have changed on a host, without what changes by itself. For `toEqual`. */
export interface Dump {
  readonly links: unknown;
  readonly addresses: unknown;
  readonly routes: unknown;
  readonly rules: unknown;
  readonly neighbours: unknown;
  readonly fdb: unknown;
  readonly ruleset: unknown;
  readonly sysctls: Readonly<Record<string, string>>;
}

const IP = ['link', 'address', 'route table all', 'rule', 'neighbour nud permanent'] as const;
const IP6 = ['route table all', 'rule'] as const;

/** As few programs as possible, since each costs a tenth of a second in an emulated guest. */
const SCRIPT = `
printf '%s\\n' ${IP.map((what) => `'${showOf(what)}'`).join(' ')} | ip -j -N -d -batch -
printf '%s\\n' ${IP6.map((what) => `'${showOf(what)}'`).join(' ')} | ip -6 -j -N -d -batch -
bridge -j fdb show
nft -j list ruleset
grep -rs '' /proc/sys/net/ipv4 /proc/sys/net/ipv6/conf
true`;

/** Observes the host. Two dumps are equal when nothing that lasts is different between them. */
export async function dump(host: LabHost): Promise<Dump> {
  return parseDump(await host.run(['sh', '-c', SCRIPT]));
}

/** The dump in what the script printed: a line of JSON for each thing asked, then the sysctls. */
export function parseDump(printed: string): Dump {
  const lines = printed.split('\n');
  const list = (index: number) => [lasting(JSON.parse(lines[index] ?? ''))].flat();
  const [links, addresses, routes, rules, neighbours, routes6, rules6, fdb, ruleset] = [...lines.keys()]
    .slice(0, 9)
    .map(list);
  return {
    links: links?.filter((link) => !hasValue(link, 'ifname', 'tunl0')),
    addresses: addresses?.filter((link) => !hasValue(link, 'ifname', 'tunl0')),
    routes: sorted([routes, routes6].flat()),
    rules: [rules, rules6].flat(),
    neighbours: sorted(neighbours ?? []),
    // What a bridge has learned has no state and comes and goes.
    fdb: sorted(fdb?.filter((entry) => isRecord(entry) && entry['state'] !== '') ?? []),
    ruleset,
    sysctls: parseSysctls(lines.slice(9)),
  };
}

function showOf(what: string): string {
  const [object, ...selection] = what.split(' ');
  return [object, 'show', ...selection].join(' ');
}

/** Keys whose values change without anybody's doing, or when the kernel numbers things again. */
const FLEETING = new Set([
  ...['ifindex', 'link_index', 'link_netnsid', 'stats', 'stats64', 'operstate'],
  ...['valid_life_time', 'preferred_life_time', 'tentative', 'age', 'used', 'updated', 'users', 'cacheinfo'],
  ...['handle', 'packets', 'bytes', 'expires', 'metainfo'],
]);

function lasting(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lasting).filter((item) => !isEmptyRecord(item));
  if (!isRecord(value)) return value;
  const kept = Object.entries(value).filter(([key]) => !FLEETING.has(key) && !key.endsWith('_timer'));
  return Object.fromEntries(kept.map(([key, item]) => [key, lasting(item)]));
}

function parseSysctls(printed: readonly string[]): Record<string, string> {
  const lines = printed.filter((line) => line !== '' && !line.includes('/tunl0/'));
  const values = new Map<string, string>();
  for (const line of lines) {
    const [path = '', ...value] = line.replace('/proc/sys/net/', '').split(':');
    const before = values.get(path);
    values.set(path, before === undefined ? value.join(':') : `${before}\n${value.join(':')}`);
  }
  return Object.fromEntries([...values].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function sorted(items: readonly unknown[]): unknown[] {
  return items.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

function hasValue(item: unknown, key: string, value: string): boolean {
  return isRecord(item) && item[key] === value;
}

function isEmptyRecord(value: unknown): boolean {
  return isRecord(value) && Object.keys(value).length === 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
