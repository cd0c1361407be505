import { config, type z } from 'zod/mini';
import { IslandError } from '../errors.ts';
import { withoutPieces } from '../model/secret.ts';

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
    throw new IslandError('E_APPLY', `${tool} did not print JSON: ${faultIn(text, cause)}`, { cause });
  }
}

/** What stands where the text stops being JSON; without that place, how it begins. */
function faultIn(text: string, cause: unknown): string {
  const place = Number(/position (\d+)/.exec(String(cause))?.[1] ?? 0);
  return `${JSON.stringify(withoutPieces(text.slice(Math.max(0, place - 30), place + 30)))} at ${place} of ${text.length} characters`;
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
