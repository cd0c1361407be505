import { setTimeout as delay } from 'node:timers/promises';
import { IslandError } from '../errors.ts';
import type { Log } from '../model/log.ts';
import type { NamedAddress } from '../model/zone.ts';
import { askServer } from './client.ts';
import { type TransferQuestion, transfer } from './transfer-client.ts';

/** Where the zone is copied from. */
export type Primary = Omit<TransferQuestion, 'timeoutMs'>;

export interface SecondaryOptions {
  readonly primary: Primary;
  readonly log: Log;
  /** Milliseconds of a clock that nobody sets. */
  readonly now: () => number;
  /** What the zone has, whenever that is another; undefined when what is known is too old. */
  readonly onCopied: (addresses: readonly NamedAddress[] | undefined) => void;
  readonly times?: Partial<SecondaryTimes>;
}

/** As in the SOA (RFC 1035 section 3.3.13), in milliseconds. */
export interface SecondaryTimes {
  readonly refreshMs: number;
  readonly retryMs: number;
  /** For how long a copy counts while the primary is silent. */
  readonly expireMs: number;
}

export interface Secondary {
  /** Copies from elsewhere from now on; what is known counts until then. */
  follow(primary: Primary): void;
  close(): Promise<void>;
}

const TIMES: SecondaryTimes = { refreshMs: 10_000, retryMs: 5000, expireMs: 3_600_000 };
const ASK_MS = 3000;
const TRANSFER_MS = 15_000;

/** Keeps a copy of a zone, as any secondary name server does: asks for the serial, and for all when that is another. */
export function followPrimary({ log, now, onCopied, times, ...options }: SecondaryOptions): Secondary {
  const { refreshMs, retryMs, expireMs } = { ...TIMES, ...times };
  const stopping = new AbortController();
  let { primary } = options;
  let asleep = new AbortController();
  /** When the primary last said that this is what it has. */
  let copy: { readonly serial: number; readonly of: Primary; heardMs: number } | undefined;
  let trouble: string | undefined;

  async function refresh(of: Primary): Promise<void> {
    const serial = await serialOf(of);
    if (copy?.serial === serial && copy.of === of) {
      copy.heardMs = now();
      return;
    }
    const whole = await transfer({ ...of, timeoutMs: TRANSFER_MS }, stopping.signal);
    copy = { serial: whole.serial, of, heardMs: now() };
    onCopied(whole.addresses);
  }

  function failed(reason: string): void {
    if (copy !== undefined && now() - copy.heardMs > expireMs) {
      copy = undefined;
      onCopied(undefined);
      log.error(
        { reason },
        'what the hub said of its workers is too old; names that the file has not are not answered for',
      );
    }
    if (trouble === undefined) log.warn({ reason }, 'the hub does not say which workers there are');
    trouble = reason;
  }

  function succeeded(): void {
    if (trouble !== undefined) log.info({}, 'the hub says again which workers there are');
    trouble = undefined;
  }

  async function attempt(): Promise<void> {
    try {
      await refresh(primary);
      succeeded();
    } catch (error) {
      if (!(error instanceof IslandError)) throw error;
      if (!stopping.signal.aborted) failed(error.message);
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      asleep = new AbortController();
      await attempt();
      const pauseMs = trouble === undefined ? refreshMs : retryMs;
      await delay(pauseMs, undefined, { signal: asleep.signal }).catch(() => undefined);
    }
  }

  const done = run();
  return {
    follow(other) {
      primary = other;
      asleep.abort();
    },
    async close() {
      stopping.abort();
      asleep.abort();
      await done;
    },
  };
}

async function serialOf({ address, port, zone }: Primary): Promise<number> {
  const answer = await askServer({ server: { address, port }, name: zone, type: 'SOA' }, ASK_MS);
  const at = `${address} does not say the serial of ${zone}`;
  if (answer.state !== 'answered') throw new IslandError('E_RETRY', `${at}: ${answer.state}`);
  const serial = answer.records.find(({ type }) => type === 'SOA')?.value.split(' ')[2];
  if (answer.rcode === 'NOERROR' && answer.isAuthoritative && serial !== undefined) return Number(serial);
  throw new IslandError('E_RETRY', `${at}: ${answer.rcode}`);
}
