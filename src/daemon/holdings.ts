import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type Admission, createAdmission, rangesOf } from '../dns/admission.ts';
import { compile, compileInSteps } from '../dns/compile.ts';
import type { CompiledZones } from '../dns/compiled.ts';
import { type WorkerName, type Zone, zonesOf } from '../dns/zone.ts';
import type { Host } from '../host/host.ts';
import { contains, fromNumber } from '../model/ip.ts';
import type { Island } from '../model/island.ts';
import { isLoopback } from '../model/responder.ts';

/** What a responder answers with, and whom. */
export interface Holdings {
  zones(): readonly Zone[];
  compiled(): CompiledZones;
  admission(): Admission;
  /** Who may copy the zones: the ends of links, whose addresses the guard vouches for, and this host itself. */
  admitsTransfer(source: number): boolean;
  /**
   * Goes by these as soon as they are compiled, from one question to the next; whether anything is another. Not
   * to be called again before that.
   */
  hold(content: Content): Promise<boolean>;
  /** Knows nothing from now on. */
  drop(): void;
}

export interface Content {
  readonly island: Island;
  /** Undefined while they are not known. */
  readonly workers: readonly WorkerName[] | undefined;
}

interface Held {
  /** Undefined for nothing. */
  readonly content: Content | undefined;
  readonly zones: readonly Zone[];
  readonly compiled: CompiledZones;
  readonly admission: Admission;
}

const NOBODY: Admission = { admit: () => 'stranger' };
const NOTHING: Held = { content: undefined, zones: [], compiled: compile([]), admission: NOBODY };

export function newHoldings({ date, now }: Pick<Host, 'date' | 'now'>): Holdings {
  let held = NOTHING;
  let serial = 0;
  return {
    zones: () => held.zones,
    compiled: () => held.compiled,
    admission: () => held.admission,
    admitsTransfer(source) {
      const address = fromNumber(source);
      const { content } = held;
      return isLoopback(address) || (content !== undefined && contains(content.island.subnet, address));
    },
    async hold(content) {
      if (isDeepStrictEqual(content, held.content)) return false;
      serial = Math.max(Math.floor(date() / 1000), serial + 1);
      const zones = zonesOf({ ...content, serial });
      const { island } = content;
      const isSame = isDeepStrictEqual(island, held.content?.island);
      const admission = isSame ? held.admission : admissionFor(island, now);
      held = { content, zones, compiled: await compiledOf(zones), admission };
      return true;
    },
    drop() {
      // Refused is better than silence: whoever asks goes on to the next server at once.
      held = { ...NOTHING, admission: held.admission };
    },
  };
}

/** Questions are answered meanwhile. */
async function compiledOf(zones: readonly Zone[]): Promise<CompiledZones> {
  const steps = compileInSteps(zones);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await setImmediate();
  }
}

function admissionFor(island: Island, now: () => number): Admission {
  return createAdmission({ ranges: rangesOf(island), allow: island.dns.allow, now });
}
