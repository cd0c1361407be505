import { readdirSync, readFileSync } from 'node:fs';
import type { Captured } from './captured.ts';

/** A case of test/plan/golden: an island's file, and what the tools printed on one of its hosts. */
export interface Golden {
  readonly name: string;
  readonly config: string;
  readonly captured: Captured;
}

const FOLDER = new URL('../plan/golden/', import.meta.url);

/** All of them, for tests that start from what is real. */
export const GOLDENS: readonly Golden[] = readdirSync(FOLDER).map((name) => {
  const read = (file: string) => readFileSync(new URL(`${name}/${file}`, FOLDER), 'utf8');
  return { name, config: read('island.yaml'), captured: JSON.parse(read('observed.json')) };
});
