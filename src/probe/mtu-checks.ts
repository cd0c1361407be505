import { echoPortOf } from '../model/addressing.ts';
import type { Island } from '../model/island.ts';
import { underlayBytes } from '../model/links.ts';
import { type Check, checkKey, type Evidence, type Outcome } from './check.ts';
import { DIAGNOSES } from './diagnosis.ts';
import { answered, type FarEnd, madeKeys } from './far-end.ts';
import type { Echo, Ping } from './question.ts';
import { ECHO_BYTES } from './source-check.ts';

interface Setting {
  readonly island: Island;
  readonly after: readonly string[];
}

/** The smallest packet that every link of the Internet carries in one piece (RFC 791 has 68; this is what all do). */
const SMALLEST = 576;
/** Sizes that are tried at once: each round divides what is unknown by one more than that. */
const AT_ONCE = 7;

/** Whether full-size packets pass, inside the link and, as what carries them, on the underlay. */
export function mtuChecks({ island, after }: Setting, far: FarEnd): Check[] {
  const { end, kind, link, outerFrom } = far;
  const links = [...madeKeys(far), ...DIAGNOSES.map((code) => checkKey({ code, subject: end }))];
  const inside = search({ kind: 'ping', address: end.inner }, link.mtu);
  const subject = { name: end.name, part: 'mtu', address: end.inner };
  const echo = echoesOf(far, island);
  const full: Check = {
    ...{ code: 'ISL-M01', subject, required: true, after: [...after, ...links] },
    asks: (answerTo) => {
      if (answered(end.inner, island.port, { answerTo }) === undefined) return [];
      const sizes = inside.asks(answerTo);
      return sizes.length > 1 ? [...sizes, ...echo.asks] : sizes;
    },
    judge: (evidence) =>
      inside.judge(evidence, (most) => ({
        text: `packets of ${link.mtu} bytes, the link's MTU, do not pass ${echo.directionIn(evidence)}; ${most} do`,
        fix: `mtu: ${underlayBytes(kind, most)}   # in the file, on every host; then island join`,
      })),
  };
  // ipip hands the inner packet's "don't fragment" on, and vxlan does not: there large ones arrive in pieces.
  if (kind === 'ipip' || outerFrom === undefined) return [full];
  const bytes = underlayBytes(kind, link.mtu);
  const outside = search({ kind: 'ping', address: end.outer, from: outerFrom }, bytes);
  const whole: Check = {
    ...{ code: 'ISL-M03', required: false, after: [...after, ...links, checkKey(full)] },
    subject: { name: end.name, part: 'underlay', address: end.outer },
    asks: (answerTo) =>
      answerTo({ kind: 'ping', address: end.outer, from: outerFrom })?.state === 'answered'
        ? outside.asks(answerTo)
        : [],
    judge: (evidence) =>
      outside.judge(evidence, (most) => ({
        text: `the underlay carries ${most} bytes in one piece, and the link makes packets of up to ${bytes}`,
        fix: `mtu: ${most}   # in the file, on every host; then island join`,
      })),
  };
  return [full, whole];
}

/** Which way large packets are lost; known where `island echo` runs, whose answers are small whatever they answer. */
function echoesOf({ end, link }: FarEnd, island: Island) {
  const base = { kind: 'echo', address: end.inner, port: echoPortOf(island) } as const;
  const small: Echo = { ...base, bytes: ECHO_BYTES };
  const large: Echo = { ...base, bytes: link.mtu };
  return {
    asks: [small, large],
    directionIn({ answerTo }: Evidence): string {
      if (answerTo(small)?.state !== 'answered') return 'there and back';
      return answerTo(large)?.state === 'answered' ? `from ${end.name} to here` : `from here to ${end.name}`;
    },
  };
}

/** Finds the largest packet that passes unfragmented, when one of `most` bytes does not. */
function search(question: Ping, most: number) {
  const ping = (bytes: number): Ping => ({ ...question, bytes });
  const bounds = (answerTo: Evidence['answerTo']) => {
    let [low, high] = [SMALLEST, most];
    for (;;) {
      const sizes = ladder(low, high);
      const answers = sizes.map((bytes) => answerTo(ping(bytes)));
      if (sizes.length === 0 || answers.includes(undefined)) return { low, high, sizes };
      const failed = answers.findIndex((answer) => answer?.state !== 'answered');
      const next = {
        low: sizes[failed === -1 ? sizes.length - 1 : failed - 1] ?? low,
        high: sizes[failed] ?? high,
      };
      [low, high] = [next.low, next.high];
    }
  };
  return {
    asks(answerTo: Evidence['answerTo']): Ping[] {
      const whole = answerTo(ping(most));
      if (whole === undefined) return [ping(most)];
      return whole.state === 'answered' ? [] : bounds(answerTo).sizes.map(ping);
    },
    judge({ answerTo }: Evidence, failure: (bytes: number) => { text: string; fix: string }): Outcome {
      const whole = answerTo(ping(most));
      if (whole === undefined) return { state: 'unknown', text: 'not asked' };
      if (whole.state === 'answered') return { state: 'ok', ms: whole.ms };
      return { state: 'ko', ...failure(bounds(answerTo).low) };
    },
  };
}

/** Sizes between two, at even distances; none when nothing lies between. */
function ladder(low: number, high: number): number[] {
  const step = Math.max(1, Math.floor((high - low) / (AT_ONCE + 1)));
  return Array.from({ length: AT_ONCE }, (_, index) => low + step * (index + 1)).filter(
    (bytes) => bytes < high,
  );
}
