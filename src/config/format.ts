import * as z from 'zod/mini';
import type { Fault } from '../model/names.ts';
import { atRoot, type EntryFault, said } from './fault.ts';
import { addressFault, mtuFault } from './values.ts';

/** What the JSON Schema says beside the type; editors check it while one types. */
type Keywords = Readonly<Record<string, unknown>>;

/** A string; what YAML takes for a number or a boolean is answered with "quote it" where the quoted text would do. */
export function text(
  faultIn: (value: string) => Fault | undefined,
  example: string,
  keywords: Keywords = {},
) {
  const error = ({ input }: { readonly input?: unknown }) => {
    if (input === undefined) return said({ message: 'missing', hint: `add it, such as ${example}` });
    if (typeof input !== 'number' && typeof input !== 'boolean') return undefined;
    const fault = faultIn(String(input));
    return fault === undefined ? undefined : said(fault);
  };
  const schema = judged(z.string({ error }), (value) => atRoot(faultIn(value)));
  return schema.check(z.meta({ examples: [example], ...keywords }));
}

/** A number that has to pass a rule of its own; said to be an integer. */
export function number(faultIn: (value: number) => Fault | undefined, keywords: Keywords) {
  const wrong = faultIn(Number.NaN);
  const schema = z.number(wrong === undefined ? {} : { error: said(wrong) });
  return judged(schema, (value) => atRoot(faultIn(value))).check(z.meta({ type: 'integer', ...keywords }));
}

/** A map that takes no other keys; what it takes is said where one is unknown. */
export function section<Shape extends Record<string, z.ZodMiniType>>(shape: Shape) {
  return z.strictObject(shape, {
    error: ({ code }) => (code === 'unrecognized_keys' ? Object.keys(shape).join(' ') : undefined),
  });
}

/** The schema with a rule beyond its type, which may find several faults at once. */
export function judged<Schema extends z.ZodMiniType>(
  schema: Schema,
  faultsIn: (value: z.output<Schema>) => readonly EntryFault[],
): Schema {
  return schema.check(({ value, issues }) => {
    for (const { path, value: shown, ...fault } of faultsIn(value)) {
      issues.push({ code: 'custom', input: value, path: [...path], message: said(fault), params: { shown } });
    }
  });
}

export function linkKind() {
  return z.enum(['ipip', 'vxlan'], {
    error: said({ message: 'not a kind of link', hint: 'write ipip or vxlan' }),
  });
}

export function mtuOrAuto() {
  const hint = 'write auto, or a number of bytes from 576 to 65535';
  const bytes = number(mtuFault, { minimum: 576, maximum: 65_535 });
  return z.union([z.literal('auto'), bytes], { error: said({ message: 'not an MTU', hint }) });
}

export function address(example = '192.168.3.100') {
  return text(addressFault, example, { format: 'ipv4' });
}
