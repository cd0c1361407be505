import { type ResponderOptions, responderPlace } from '../app/responder.ts';
import { IslandError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Supervisor } from '../host/notify.ts';
import type { Log } from '../model/log.ts';
import { startHeartbeat } from './heartbeat.ts';
import type { Names } from './names.ts';
import { inTurns } from './turns.ts';

export interface ServeNamesOptions extends ResponderOptions {
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Ends with it. */
  readonly names: Names;
  readonly supervisor?: Supervisor | undefined;
  /** Calls the function whenever the operator wants the file to be read anew. */
  readonly onReload: (reload: () => void) => void;
}

/** The responder without the rest of the daemon; resolves when the signal has come and all is closed. */
export async function serveNames(host: Host, options: ServeNamesOptions): Promise<void> {
  const { log, signal, names, supervisor, onReload } = options;
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  let [isReady, isReloadWanted] = [false, false];
  const reload = inTurns(async () => {
    supervisor?.tell('RELOADING=1');
    await bringAnew(host, options);
    supervisor?.tell('READY=1');
  });
  onReload(() => {
    if (isReady) void reload();
    else isReloadWanted = true;
  });
  const first = await responderPlace(host, options);
  const { island, place } = first;
  try {
    await names.bring(first);
    const { name, role } = place;
    log.info({ island: island.name, zone: island.zone, name, role }, 'ready');
    supervisor?.tell('READY=1');
    isReady = true;
    if (isReloadWanted) await reload();
    const endHeartbeat = startHeartbeat({ supervisor, log, now: host.now, lookingSince: () => undefined });
    if (!signal.aborted) await stopped;
    endHeartbeat();
    supervisor?.tell('STOPPING=1');
  } finally {
    await names.close();
  }
  log.info({ island: island.name }, 'stopped');
}

async function bringAnew(host: Host, options: ServeNamesOptions): Promise<void> {
  const { log, names } = options;
  try {
    const next = await responderPlace(host, options);
    await names.bring(next);
    log.info({ island: next.island.name }, 'goes by the file as it is now');
  } catch (error) {
    if (!(error instanceof IslandError)) throw error;
    const { code, message, hint } = error;
    log.error(
      { code, reason: message, ...(hint && { hint }) },
      'the file is not gone by; names are as they were',
    );
  }
}
