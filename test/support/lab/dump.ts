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

/** Each prints one document; `ip -j` prints nothing at all for an empty list of some kinds. */
const COMMANDS = {
  links: 'ip -j -d link show',
  addresses: 'ip -j address show',
  routes: 'ip -j -N route show table all',
  routes6: 'ip -j -N -6 route show table all',
  rules: 'ip -j -N rule show',
  rules6: 'ip -j -N -6 rule show',
  neighbours: 'ip -j neighbour show nud permanent',
  fdb: 'bridge -j fdb show',
  ruleset: 'nft -j list ruleset',
  sysctls: 'grep -rs "" /proc/sys/net/ipv4 /proc/sys/net/ipv6/conf || true',
} as const;

type Section = keyof typeof COMMANDS;

const SEPARATOR = '=== next ===';

/** Observes the host. Two dumps are equal when nothing that lasts is different between them. */
export async function dump(host: LabHost): Promise<Dump> {
  const script = Object.values(COMMANDS).join(`; echo '${SEPARATOR}'; `);
  const text = await host.run(['sh', '-c', script]);
  const parts = text.split(`${SEPARATOR}\n`);
  const sections = Object.keys(COMMANDS).map((name, index) => [name, parts[index]?.trim() ?? '']);
  return normalise(Object.fromEntries(sections));
}

/** The dump in what the commands printed. */
export function normalise(printed: Readonly<Record<Section, string>>): Dump {
  const read = (section: Section) => lasting(JSON.parse(printed[section] || '[]'));
  const list = (section: Section) => [read(section)].flat();
  return {
    links: list('links').filter((link) => !hasValue(link, 'ifname', 'tunl0')),
    addresses: list('addresses').filter((link) => !hasValue(link, 'ifname', 'tunl0')),
    routes: sorted([...list('routes'), ...list('routes6')]),
    rules: [...list('rules'), ...list('rules6')],
    neighbours: sorted(list('neighbours')),
    // What a bridge has learned has no state and comes and goes.
    fdb: sorted(list('fdb').filter((entry) => isRecord(entry) && entry['state'] !== '')),
    ruleset: read('ruleset'),
    sysctls: parseSysctls(printed.sysctls),
  };
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

function parseSysctls(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.includes('/tunl0/'));
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
