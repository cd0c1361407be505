import type { Admission } from './admission.ts';
import type { CompiledZones } from './compiled.ts';
import type { Tally } from './tally.ts';
import { type Response, respond, type Way } from './wire.ts';

/**
 * The messages that answer a question for a whole zone (AXFR); undefined when it is none, or who asks may not have
 * it: then it is answered like any other. `source` is as `toNumber` gives it.
 */
export type Transfers = (query: Uint8Array, source: number) => readonly Uint8Array[] | undefined;

/** What there is to answer with, and whom. */
export interface Duty {
  /** Read for each question: a change is one assignment. */
  readonly zones: () => CompiledZones;
  /** Likewise. */
  readonly admission: () => Admission;
  readonly tally: Tally;
  /** Asked over TCP only. */
  readonly transfers?: Transfers;
  /** A question that there is no answer to for a fault of ours. */
  readonly onFault: (query: Uint8Array, cause: unknown) => void;
}

interface Silence {
  readonly kind: 'silence';
  readonly reason: string;
}

const FAULT: Silence = { kind: 'silence', reason: 'fault' };

/** Nothing that somebody sends may end the daemon, whatever we have overlooked. */
export function answerTo(duty: Duty, query: Uint8Array, way: Way): Response | Silence {
  try {
    return respond(duty.zones(), query, way);
  } catch (cause) {
    duty.onFault(query, cause);
    return FAULT;
  }
}
