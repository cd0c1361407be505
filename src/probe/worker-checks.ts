import type { Island } from '../model/island.ts';
import type { HubPlace } from '../model/place.ts';
import { WORKERS, type Worker } from '../model/worker.ts';
import { type Check, checkKey, type Outcome } from './check.ts';
import { answered, knocks } from './far-end.ts';

interface Setting {
  readonly island: Island;
  readonly after: readonly string[];
}

/** Whether each worker of a hub is there. None is required: they are switched off, and imaged anew, as somebody likes. */
export function workerChecks(setting: Setting, { workers: known }: HubPlace): Check[] {
  return (known?.workers ?? []).map((worker) => workerCheck(setting, worker));
}

function workerCheck({ island, after }: Setting, { name, inner }: Worker): Check {
  return {
    ...{ code: 'ISL-L04', required: false },
    after: [...after, checkKey({ code: 'ISL-L01', subject: { name: WORKERS } })],
    subject: { name, part: 'tunnel', address: inner },
    asks: knocks(inner, island.port),
    judge: (evidence): Outcome => {
      const answer = answered(inner, island.port, evidence);
      if (answer !== undefined) return { state: 'ok', ms: answer.ms };
      return { state: 'ko', text: `${inner} does not answer`, fix: `on ${name}: island test` };
    },
  };
}
