import { config, type z } from 'zod/mini';
import { IslandError } from '../errors.ts';

// Compiling a checker costs more than a command that reads each kind of answer once gains by it.
config({ jitless: true });

/** A value of `schema` from what a tool printed; E_APPLY when the tool printed something else. */
export function readJson<T extends z.ZodMiniType>(text: string, schema: T, tool: string): z.output<T> {
  const result = schema.safeParse(parse(text, tool));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new IslandError(
    'E_APPLY',
    `${tool} printed something unexpected at ${issue?.path.join('.')}: ${issue?.message}`,
    {
      hint: `report this with the output of "${tool} -V"`,
      cause: result.error,
    },
  );
}

function parse(text: string, tool: string): unknown {
  try {
    // ip and nft print the control characters of a name or an alias as they are, which is no JSON.
    return JSON.parse(text.replace(/[^\P{Cc}\t\n\r\u007f-\u009f]/gu, escaped));
  } catch (cause) {
    throw new IslandError('E_APPLY', `${tool} did not print JSON: ${JSON.stringify(text.slice(0, 60))}`, {
      cause,
    });
  }
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
