import { setTimeout as delay } from 'node:timers/promises';
import type { Check } from './check.ts';
import { type Answer, type Question, questionKey } from './question.ts';

export interface Asking {
  /** Asks one question to its end. */
  readonly ask: (question: Question) => Promise<Answer>;
  /** Called whenever an answer is in. */
  readonly onAnswer?: ((answered: number, asked: number) => void) | undefined;
  readonly interrupted?: (() => boolean) | undefined;
}

/** Questions that are on the way at one moment: each may be a process, or a socket. */
const AT_ONCE = 128;
/** Starting processes takes the time that answers to sockets are measured in, so these come first. */
const HEAD_START_MS = 30;

type Answers = Map<string, Answer>;

/**
 * Asks what the checks want to know, all at once, and then what they want to know in the light of it, until
 * none has a question left. Each question is asked once.
 */
export async function answersFor(
  checks: readonly Check[],
  asking: Asking,
): Promise<(question: Question) => Answer | undefined> {
  const answers: Answers = new Map();
  const answerTo = (question: Question) => answers.get(questionKey(question));
  while (asking.interrupted?.() !== true) {
    const questions = checks.flatMap((check) => check.asks(answerTo));
    const open = questions.filter((question) => answerTo(question) === undefined);
    if (open.length === 0) break;
    await answerAll(new Map(open.map((question) => [questionKey(question), question])), answers, asking);
  }
  return answerTo;
}

async function answerAll(
  open: ReadonlyMap<string, Question>,
  answers: Answers,
  asking: Asking,
): Promise<void> {
  const all = answers.size + open.size;
  const answer = async (waiting: IterableIterator<[string, Question]>) => {
    for (const [key, question] of waiting) {
      answers.set(key, await asking.ask(question));
      asking.onAnswer?.(answers.size, all);
    }
  };
  const start = (isPing: boolean) => {
    const some = [...open].filter(([, { kind }]) => (kind === 'ping') === isPing);
    const waiting = some.values();
    return Promise.all(Array.from({ length: Math.min(AT_ONCE, some.length) }, () => answer(waiting)));
  };
  const sockets = start(false);
  await Promise.race([sockets, delay(HEAD_START_MS)]);
  await Promise.all([sockets, start(true)]);
}
