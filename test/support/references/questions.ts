import type { Question } from './question.ts';
import { EDNS_QUESTIONS } from './questions-edns.ts';
import { headerQuestions } from './questions-headers.ts';
import { MALFORMED_QUESTIONS } from './questions-malformed.ts';
import { nameQuestions } from './questions-names.ts';
import { typeQuestions } from './questions-types.ts';

/** Every title once; the zones are those of zones.ts. */
export function questions(): readonly Question[] {
  return [
    ...typeQuestions(),
    ...nameQuestions(),
    ...headerQuestions(),
    ...EDNS_QUESTIONS,
    ...MALFORMED_QUESTIONS,
  ];
}
