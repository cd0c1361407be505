import type { Island } from '../model/island.ts';
import { type Check, checkKey } from './check.ts';
import type { Code } from './codes.ts';
import { DIAGNOSES, diagnose, probeOf } from './diagnosis.ts';
import { answered, type FarEnd, knocks, madeKeys } from './far-end.ts';
import type { Ping } from './question.ts';

interface Setting {
  readonly island: Island;
  /** Keys of the checks on this host that explain whatever fails towards anybody. */
  readonly after: readonly string[];
}

/** Underlay, link and its failures, for each far end. */
export function endChecks(setting: Setting, far: FarEnd): Check[] {
  return [underlayCheck(setting, far), ...linkChecks(setting, far)];
}

function underlayCheck({ island, after }: Setting, { end, outerFrom }: FarEnd): Check {
  const code = 'ISL-U01';
  const ping: Ping = {
    kind: 'ping',
    address: end.outer,
    ...(outerFrom !== undefined && { from: outerFrom }),
  };
  return {
    ...{ code, required: true },
    // A wrong outer address in the file may well be nobody's.
    after: [...after, checkKey({ code: 'ISL-F04', subject: end })],
    subject: { name: end.name, part: 'underlay', address: end.outer },
    asks: () => (outerFrom === undefined ? [] : [ping]),
    judge: (evidence) => {
      const answer = evidence.answerTo(ping);
      if (answer?.state === 'answered') return { state: 'ok', ms: answer.ms };
      // It may well drop pings, which does no harm.
      if (answered(end.inner, island.port, evidence) !== undefined) return { state: 'ok' };
      if (answer === undefined) {
        return { state: 'unknown', text: `from here ${end.outer} is reached through the island alone` };
      }
      return {
        state: 'ko',
        text: `${end.outer} does not answer a ping${answer.state === 'unasked' ? `: ${answer.reason}` : ''}`,
        fix: `ping ${outerFrom === undefined ? '' : `-I ${outerFrom} `}${end.outer}`,
      };
    },
  };
}

/** One check for each way in which a link fails; of these at most one is what it is. */
function linkChecks({ island, after }: Setting, far: FarEnd): Check[] {
  const { end } = far;
  const subject = { name: end.name, part: 'tunnel', address: end.inner };
  const underlay = checkKey({ code: 'ISL-U01', subject });
  const made = madeKeys(far);
  // Packets that enter the link again do not come in by another one, and a wrong outer address need not be anybody's.
  const afterOf = (code: Code) => [
    ...after.filter((key) => code !== 'ISL-L03' || !key.startsWith('ISL-H04')),
    ...made,
    ...(code === 'ISL-F04' || code === 'ISL-L03' ? [] : [underlay]),
  ];
  return DIAGNOSES.map(
    (code): Check => ({
      ...{
        code,
        subject,
        required: true,
        after: afterOf(code),
      },
      asks: (answerTo) => [
        ...knocks(end.inner, island.port)(answerTo),
        ...(['silent', 'unasked'].includes(answerTo({ kind: 'ping', address: end.inner })?.state ?? '')
          ? [probeOf(far)]
          : []),
      ],
      judge: (evidence) => {
        const found = diagnose({ far, island }, evidence);
        if (found?.code === code) return { state: 'ko', text: found.text, fix: found.fix };
        return { state: 'ok', ms: answered(end.inner, island.port, evidence)?.ms };
      },
    }),
  );
}
