import type { Healed, Kept } from '../app/heal.ts';
import type { IslandError } from '../errors.ts';
import type { Log } from '../model/log.ts';

/** Says what is new, once: a state that lasts is said when it begins. */
export interface Reporter {
  healed(healed: Healed, because: readonly string[]): void;
  failed(error: IslandError): void;
  /** The new file is not gone by. */
  notReloaded(error: IslandError): void;
}

const WELL = 'the host is as the file says';

/** Of one repair; a hub that has lost all of its routes would else fill the disk. */
const MOST_TOLD = 20;

const IDLE = {
  left: 'this host has left the island; nothing is done until it joins again',
  pending: 'a join waits to be confirmed; nothing is done until then',
} as const;

/** What there is to say goes to the log; what the daemon is at is also a line for `status`, whenever it changes. */
export function reporterTo(log: Log, status: (text: string) => void = () => undefined): Reporter {
  let told = '';
  let repairs = 0;
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
    repairs += 1;
    status(`${WELL}; repaired ${repairs} times, last: ${words[0]}`);
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
    const doubts = doubtsOf(unused, scene);
    if (!isNew(`kept ${doubts.join()}`)) return;
    if (doubts.length === 0) {
      status(WELL);
      if (!isFirst) log.info({ state: 'kept' }, WELL);
      return;
    }
    status(`kept as it was, but: ${doubts.join('; ')}`);
    log.warn({ state: 'kept', doubts }, 'the host is kept as it was, but');
  }

  return {
    healed(healed, because) {
      const { state } = healed;
      if (state === 'kept') kept(healed, because);
      else if (state !== 'busy' && isNew(state)) {
        status(IDLE[state]);
        log.info({ state }, IDLE[state]);
      }
    },
    failed({ code, message, hint }) {
      if (!isNew(`failed ${code} ${message}`)) return;
      status(`cannot repair: ${message}`);
      log.error({ state: 'failed', code, reason: message, ...(hint && { hint }) }, 'cannot repair');
    },
    notReloaded({ code, message, hint }) {
      const fields = { code, reason: message, ...(hint && { hint }) };
      log.error(fields, 'the file is not gone by; the host is kept as it was');
    },
  };
}

function doubtsOf(unused: string | undefined, { findings }: Kept['scene']): readonly string[] {
  const found = findings.filter(({ weight }) => weight !== 'note').map(({ text }) => text);
  return unused === undefined ? found : [unused, ...found];
}
