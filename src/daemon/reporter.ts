import type { Healed, Kept } from '../app/heal.ts';
import type { IslandError } from '../errors.ts';
import type { Log } from '../model/log.ts';

/** Says what is new, once: a state that lasts is said when it begins. */
export interface Reporter {
  healed(healed: Healed, because: readonly string[]): void;
  failed(error: IslandError): void;
}

/** Of one repair; a hub that has lost all of its routes would else fill the disk. */
const MOST_TOLD = 20;

const IDLE = {
  left: 'this host has left the island; nothing is done until it joins again',
  pending: 'a join waits to be confirmed; nothing is done until then',
} as const;

export function reporterTo(log: Log): Reporter {
  let told = '';
  let repair = { what: '', times: 0 };
  /** Whether it is the first time in a row. */
  const isNew = (state: string): boolean => {
    const was = told;
    told = state;
    return was !== state;
  };

  /** The same repair over and over is said the 1st, 2nd, 4th, … time. */
  function repaired(words: readonly string[], because: readonly string[]): void {
    const what = words.join();
    repair = { what, times: repair.what === what ? repair.times + 1 : 1 };
    const { times } = repair;
    if (!Number.isInteger(Math.log2(times))) return;
    const more = words.length - MOST_TOLD;
    const fields = { repaired: words.slice(0, MOST_TOLD), ...(more > 0 && { more }), because };
    log.warn({ ...fields, ...(times > 1 && { times }) }, 'repaired');
  }

  function kept({ unused, scene, repaired: words }: Kept, because: readonly string[]): void {
    const isFirst = told === '';
    // The first time is said by who says that the daemon is ready.
    if (words.length > 0 && !isFirst) repaired(words, because);
    const found = scene.findings.filter(({ weight }) => weight !== 'note').map(({ text }) => text);
    const doubts = [...(unused === undefined ? [] : [unused]), ...found];
    if (!isNew(`kept ${doubts.join()}`)) return;
    if (doubts.length > 0) log.warn({ state: 'kept', doubts }, 'the host is kept as it was, but');
    else if (!isFirst) log.info({ state: 'kept' }, 'the host is as the file says');
  }

  return {
    healed(healed, because) {
      const { state } = healed;
      if (state === 'kept') kept(healed, because);
      else if (state !== 'busy' && isNew(state)) log.info({ state }, IDLE[state]);
    },
    failed({ code, message, hint }) {
      if (!isNew(`failed ${code} ${message}`)) return;
      log.error({ state: 'failed', code, reason: message, ...(hint && { hint }) }, 'cannot repair');
    },
  };
}
