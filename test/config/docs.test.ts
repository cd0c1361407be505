import { describe, expect, test } from 'vitest';
import { configDocs } from '../../src/config/docs.ts';
import { EXAMPLE } from '../../src/config/example.ts';
import { jsonSchema } from '../../src/config/json-schema.ts';

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly description?: string;
}

function keysOf(node: Node, prefix = ''): readonly (readonly [string, Node])[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => [
    [`${prefix}${key}`, child] as const,
    ...keysOf(child, `${prefix}${key}.`),
    ...keysOf(child.items ?? {}, `${prefix}${key}[].`),
  ]);
}

describe('the JSON Schema', () => {
  test('describes every key, for editors', () => {
    const undescribed = keysOf(jsonSchema() as Node).filter(
      ([, { description = '' }]) => !description.endsWith('.'),
    );
    expect(undescribed).toEqual([]);
  });

  test('names its dialect, what is required and what is refused', () => {
    expect(jsonSchema()).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'island',
      required: ['island', 'hub'],
      additionalProperties: false,
      properties: {
        subnet: { default: '10.3.1.0/24' },
        link: { enum: ['ipip', 'vxlan'], default: 'ipip' },
        port: { type: 'integer', minimum: 1024, maximum: 65_535, default: 10_310 },
        hub: { required: ['name', 'outer', 'inner'], properties: { outer: { format: 'ipv4' } } },
      },
    });
  });
});

describe('docs/config.md', () => {
  test('has a row for every key, and one complete file', () => {
    const page = configDocs();
    for (const [key] of keysOf(jsonSchema() as Node)) expect(page).toContain(`| \`${key}\` |`);
    expect(page).toContain(EXAMPLE);
  });

  test('tells type and default, or that a key is required', () => {
    const rows = configDocs().split('\n');
    expect(rows).toContainEqual(expect.stringContaining('| `port` | number | `10310` |'));
    expect(rows).toContainEqual(expect.stringContaining('| `mtu` | `auto` or number | `auto` |'));
    expect(rows).toContainEqual(expect.stringContaining('| `peers[].networks[].gateway` | address |  |'));
    expect(rows).toContainEqual(expect.stringContaining('| `hub.inner` | address | required |'));
    expect(rows).toContainEqual(expect.stringContaining('| `dns.listen` | list of addresses | `[]` |'));
  });
});
