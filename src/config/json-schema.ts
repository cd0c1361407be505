import { toJSONSchema } from 'zod/mini';
import { configSchema } from './schema.ts';

/** The format of an island's file as JSON Schema (draft 2020-12), from which editors complete and check. */
export function jsonSchema(): Record<string, unknown> {
  return { ...toJSONSchema(configSchema, { io: 'input' }) };
}
