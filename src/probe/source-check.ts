import { echoPortOf } from '../model/addressing.ts';
import type { Ipv4 } from '../model/ip.ts';
import type { Island } from '../model/island.ts';
import type { Check } from './check.ts';
import type { Echo } from './question.ts';

interface Setting {
  readonly island: Island;
  /** As what this host should be seen. */
  readonly source: Ipv4;
  readonly after: readonly string[];
}

/** A packet of a size that every link carries. */
export const ECHO_BYTES = 100;

export const NOBODY_TELLS = 'nobody tells what arrives there: run "island echo" there';

/** Whether the far side sees this host's own address; known only where `island echo` runs. */
export function sourceCheck(
  { name, address }: { readonly name: string; readonly address: Ipv4 },
  { island, source, after }: Setting,
): Check {
  const question: Echo = { kind: 'echo', address, port: echoPortOf(island), bytes: ECHO_BYTES };
  return {
    ...{ code: 'ISL-R03', required: true, after },
    subject: { name, part: 'source', address },
    asks: () => [question],
    judge: ({ answerTo }) => {
      const answer = answerTo(question);
      if (answer?.state !== 'answered' || answer.seen === undefined) {
        return { state: 'unknown', text: NOBODY_TELLS };
      }
      const { seen, ms } = answer;
      if (seen.source === source) return { state: 'ok', ms };
      return {
        state: 'ko',
        text: `sees this host as ${seen.source} and not as ${source}: somebody translates it on the way`,
        fix: 'on the gateways between the two: island join && island test',
      };
    },
  };
}
