import type { Effect } from '../../src/plan/effect.ts';
import type { NftTable } from '../../src/plan/resource.ts';

/** What `nft -f` makes of an input: the table, or nothing after a delete. Knows island's inputs and rejects others. */
export function parseNftInput(
  { input }: Extract<Effect, { tool: 'nft' }>,
  present: NftTable | 'absent',
): NftTable | 'absent' {
  if (/^(?:add|delete) element /.test(input)) return changeElements(input, present);
  const deletes = /^delete table inet (?<name>island-\S+)\n$/.exec(input);
  if (deletes !== null) return 'absent';
  const head = /^(?:create|delete) table inet (?<name>island-\S+)\ntable inet \k<name> \{\n/.exec(input);
  const name = head?.groups?.['name'];
  if (head === null || name === undefined) throw new Error(`unexpected nft input: ${input}`);
  const blocks = [
    ...input.slice(head[0].length).matchAll(/^ {2}(set|map|chain) (\S+) \{\n((?: {4}.*\n)*) {2}\}\n/gm),
  ];
  return {
    ...{ kind: 'nft', name },
    sets: blocks.filter(([, kind]) => kind !== 'chain').map(([, , set = '', body = '']) => toSet(set, body)),
    chains: blocks
      .filter(([, kind]) => kind === 'chain')
      .map(([, , chain = '', body = '']) => toChain(chain, body)),
  };
}

/** Each must be there before it is deleted. */
function changeElements(input: string, present: NftTable | 'absent'): NftTable {
  let table = present;
  for (const line of input.trimEnd().split('\n')) {
    const words = /^(?<verb>add|delete) element inet (?<name>island-\S+) (?<set>\S+) \{ (?<list>.*) \}$/.exec(
      line,
    );
    const { verb, name, set, list = '' } = words?.groups ?? {};
    if (verb === undefined || table === 'absent' || table.name !== name)
      throw new Error(`unexpected: ${line}`);
    const elements = list.replaceAll('"', '').split(', ');
    table = {
      ...table,
      sets: table.sets.map((each) => {
        if (each.name !== set) return each;
        if (verb === 'add') return { ...each, elements: [...each.elements, ...elements].toSorted() };
        const missing = elements.find((element) => !each.elements.includes(element));
        if (missing !== undefined) throw new Error(`no such element: ${missing}`);
        return { ...each, elements: each.elements.filter((element) => !elements.includes(element)) };
      }),
    };
  }
  if (table === 'absent') throw new Error(`unexpected nft input: ${input}`);
  return table;
}

function toSet(name: string, body: string): NftTable['sets'][number] {
  const elements = /elements = \{ (.*) \}/.exec(body)?.[1]?.replaceAll('"', '').split(', ') ?? [];
  const type = /type(?:of)? (.*)/.exec(body)?.[1] ?? '';
  const timeout = /^ {4}timeout (\d+)s$/m.exec(body)?.[1];
  return {
    ...{ name, type, interval: body.includes('flags interval'), elements: elements.toSorted() },
    ...(timeout !== undefined && { timeoutSeconds: Number(timeout) }),
  };
}

function toChain(name: string, body: string): NftTable['chains'][number] {
  const lines = body.trim().split('\n');
  const hook = /^(type \S+ hook \S+ priority -?\d+); policy accept;$/.exec(lines[0] ?? '')?.[1];
  const rules = hook === undefined ? lines : lines.slice(1);
  return {
    name,
    ...(hook !== undefined && { hook }),
    rules: rules.map((rule) => {
      const mark = / comment "([^"]{1,127})"$/.exec(rule)?.[1];
      if (mark === undefined) throw new Error(`a rule without a mark in chain ${name}: ${rule}`);
      return { mark, ...(/(?:^| )counter /.test(rule) && { count: { packets: 0, bytes: 0 } }) };
    }),
  };
}

/** As `nft list` would, a text that `nft -f` reads; of rules the fake has kept the comment only. */
export function formatListing({ name, sets, chains }: NftTable): string {
  const text = [
    ...sets.map(
      (set) =>
        `  ${set.type.includes(':') ? 'map' : 'set'} ${set.name} {\n    type ${set.type}\n${set.interval ? '    flags interval\n' : ''}${set.elements.length === 0 ? '' : `    elements = { ${set.elements.join(', ')} }\n`}  }\n`,
    ),
    ...chains.map(
      (chain) =>
        `  chain ${chain.name} {\n${chain.hook === undefined ? '' : `    ${chain.hook}; policy accept;\n`}${chain.rules.map(({ mark, count }) => `    ${count === undefined ? 'x' : 'counter drop'} comment "${mark}"\n`).join('')}  }\n`,
    ),
  ];
  return `table inet ${name} {\n${text.join('')}}\n`;
}
