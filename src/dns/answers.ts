import { answerTo, type Duty } from './duty.ts';
import { createFramer, framed } from './framing.ts';
import { WAYS } from './wire.ts';

/** What is to be sent over one connection, in the order of what was asked. */
export interface Answers {
  /** Bytes as they came; only when `next` has nothing more to say to those before. */
  push(chunk: Uint8Array): void;
  /** The next answer behind its length; undefined when there is none. */
  next(): Uint8Array | undefined;
}

export interface AnswersOptions {
  readonly duty: Duty;
  /** Who asks, as `toNumber` gives it. */
  readonly source: number;
  /** After each question. */
  readonly heard: () => void;
  /** For who may not ask, not as often, or asks nothing. */
  readonly cut: (reason: string) => void;
}

const AXFR = 252;

export function createAnswers({ duty, source, heard, cut }: AnswersOptions): Answers {
  const framer = createFramer();
  /** What is left of a transfer. */
  let transfer: Iterator<Uint8Array> | undefined;

  function answer(query: Uint8Array): Uint8Array | undefined {
    const verdict = duty.admission().admit(source);
    if (verdict !== 'admitted') return end(verdict);
    heard();
    const messages = duty.transfers?.(query, source);
    if (messages !== undefined) {
      duty.tally.answered('tcp', AXFR, 0);
      transfer = messages.values();
      return next();
    }
    const response = answerTo(duty, query, WAYS.tcp);
    if (response.kind === 'silence') return end(response.reason);
    duty.tally.answered('tcp', response.type, response.rcode);
    return framed(response.bytes);
  }

  function end(reason: string): undefined {
    cut(reason);
    return undefined;
  }

  function next(): Uint8Array | undefined {
    const part = transfer?.next();
    if (part?.done === false) return framed(part.value);
    transfer = undefined;
    const query = framer.next();
    return query === undefined ? undefined : answer(query);
  }

  return { push: framer.push, next };
}
