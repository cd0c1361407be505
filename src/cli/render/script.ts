import type { Exported } from '../../app/export.ts';
import { headLines } from './script-head.ts';
import { makeLines } from './script-make.ts';
import { stateLines } from './script-state.ts';
import { traitsOf } from './script-traits.ts';
import { undoLines } from './script-undo.ts';
import { verbLines } from './script-verbs.ts';

/** A POSIX shell script that joins this host and gives it back; a line each, but for what nft reads. */
export function renderScript(exported: Exported): string[] {
  const traits = traitsOf(exported);
  return [
    ...headLines(exported, traits),
    ...makeLines(exported.steps),
    ...stateLines(traits),
    ...undoLines(traits),
    ...verbLines(traits),
  ];
}
