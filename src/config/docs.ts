import { EXAMPLE } from './example.ts';
import { jsonSchema } from './json-schema.ts';

interface Key {
  readonly path: string;
  readonly type: string;
  /** What it is when left out, as YAML; undefined when it must be there or has no value then. */
  readonly fallback: string | undefined;
  readonly isRequired: boolean;
  readonly description: string;
}

type Node = Readonly<Record<string, unknown>>;

const NAMES = [
  '## How programs find the names',
  '',
  '`/etc/resolv.conf` is never touched. What else there is on a host decides:',
  '',
  '| on the host | what finds the names |',
  '|-|-|',
  '| systemd-resolved runs, and the host has a link | nothing to do: `join` tells it to ask the hub about the zone, on the link, and about nothing else. It is never started, and `leave` undoes it. |',
  '| no systemd-resolved, or a member | `dns: { client: hosts }`: `join` puts `name.zone` and `name` of every host, peer and member between two marked lines of `/etc/hosts`; `leave` takes out exactly these |',
  '| dnsmasq | a line in its configuration, such as `server=/r2lab.internal/10.3.1.2`: the zone, and the inner address of the hub |',
  '',
  'Names that `/etc/hosts` already has with another address are said by `plan` and `status`, and left as they are. Where that file',
  'is a symlink or a mount of its own, as in a container, it is not replaced: write the names where it is made.',
];

/** docs/config.md: every key of the file with type, default and meaning, and one complete file. */
export function configDocs(): string {
  return [
    '# The island file',
    '',
    'One file, the same on every host: `/etc/island/<island>.yaml`. `island config check` finds every error in it;',
    '`island config schema` prints its JSON Schema, from which editors complete.',
    '',
    '```yaml',
    EXAMPLE.trimEnd(),
    '```',
    '',
    '| key | type | default | meaning |',
    '|-|-|-|-|',
    ...keysOf(jsonSchema(), '').map(row),
    '',
    'Names are DNS labels. A range in brackets stands for many hosts: `fit[01-37]` pairs up with `192.168.3.[1-37]`,',
    'and zeros in front of its first number set the width. Durations are a number and a unit: `20s`, `1m`.',
    'Quote what YAML takes for something else: `"08"`, and brackets inside `{ }`.',
    '',
    ...NAMES,
    '',
  ].join('\n');
}

function row({ path, type, fallback, isRequired, description }: Key): string {
  const shown = fallback === undefined ? '' : `\`${fallback}\``;
  return `| \`${path}\` | ${type} | ${isRequired ? 'required' : shown} | ${cell(description)} |`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function keysOf(node: Node, prefix: string): readonly Key[] {
  const required: readonly unknown[] = Array.isArray(node['required']) ? node['required'] : [];
  return Object.entries(nodesIn(node['properties'])).flatMap(([key, child]) => {
    const path = `${prefix}${key}`;
    const items = nodeOf(child['items']);
    const own: Key = {
      path,
      type: typeOf(child),
      fallback: fallbackOf(child['default']),
      isRequired: required.includes(key),
      description: typeof child['description'] === 'string' ? child['description'] : '',
    };
    return [own, ...keysOf(child, `${path}.`), ...(items === undefined ? [] : keysOf(items, `${path}[].`))];
  });
}

function typeOf(node: Node): string {
  const items = nodeOf(node['items']);
  if (items !== undefined) return `list of ${plural(typeOf(items))}`;
  const choices = Array.isArray(node['anyOf']) ? node['anyOf'] : undefined;
  if (choices !== undefined)
    return choices.map((choice: unknown) => typeOf(nodeOf(choice) ?? {})).join(' or ');
  const values = Array.isArray(node['enum']) ? node['enum'] : [node['const']];
  if (values[0] !== undefined) return values.map((value) => `\`${String(value)}\``).join(', ');
  if (node['format'] === 'ipv4') return 'address';
  return (
    { object: 'map', string: 'text', integer: 'number', boolean: 'boolean' }[String(node['type'])] ?? 'value'
  );
}

function plural(type: string): string {
  if (type === 'address') return 'addresses';
  return type === 'text' ? type : `${type}s`;
}

function fallbackOf(value: unknown): string | undefined {
  if (value === undefined || (typeof value === 'object' && !Array.isArray(value))) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function nodesIn(value: unknown): Readonly<Record<string, Node>> {
  return Object.fromEntries(
    Object.entries(nodeOf(value) ?? {}).map(([key, child]) => [key, nodeOf(child) ?? {}] as const),
  );
}

function nodeOf(value: unknown): Node | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Node) : undefined;
}
