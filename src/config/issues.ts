import { type Fault, nearest } from '../model/names.ts';
import { heard, isContainer, type Path, type PlacedFault, valueAt, WRITTEN } from './fault.ts';
import type { configSchema } from './schema.ts';

export type SchemaIssue = NonNullable<ReturnType<typeof configSchema.safeParse>['error']>['issues'][number];

/** What an issue of the schema library says, in words for the operator; one for each unknown key. */
export function faultsOf(issue: SchemaIssue, root: unknown): readonly PlacedFault[] {
  const path = issue.path.filter((key) => typeof key !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    const known = issue.message.split(' ');
    return issue.keys.map((key) => unknownKey([...path, key], key, known));
  }
  const shown = issue.code === 'custom' ? issue.params?.['shown'] : undefined;
  return [
    {
      ...(heard(issue.message) ?? typeFault(issue, valueAt(root, path))),
      path,
      part: 'value',
      ...(typeof shown === 'string' ? { value: shown } : {}),
    },
  ];
}

function unknownKey(path: Path, key: string, known: readonly string[]): PlacedFault {
  const meant = nearest(key, known);
  const hint =
    meant === undefined ? `remove it; what goes here is ${known.join(', ')}` : `did you mean "${meant}"?`;
  return { path, part: 'key', value: key, meant, message: 'unknown key', hint };
}

/** What the schema itself has no words for: a value of the wrong type. */
function typeFault(issue: SchemaIssue, value: unknown): Fault {
  if (value === undefined) return { message: 'missing', hint: 'add it' };
  if (value === null) return { message: 'empty', hint: 'give it a value, or remove the line' };
  switch (issue.code === 'invalid_type' ? issue.expected : undefined) {
    case 'string':
      return isContainer(value)
        ? { message: 'not one value', hint: 'write one value, in quotes if it contains brackets' }
        : { message: 'not text', hint: `quote it: "${WRITTEN}"` };
    case 'boolean':
      return { message: 'not true or false', hint: 'write true or false' };
    case 'array':
      return {
        message: 'not a list',
        hint: 'write each item behind "- " on a line of its own, or [] for none',
      };
    case 'object':
      return { message: 'not a map of keys', hint: 'write its keys below it, each as "key: value"' };
    default:
      return { message: issue.message.toLowerCase(), hint: 'compare it with "island config schema"' };
  }
}
