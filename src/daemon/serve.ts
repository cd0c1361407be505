import { requireRoot } from '../app/root.ts';
import type { SceneOptions } from '../app/scene.ts';
import { selectIsland } from '../app/select.ts';
import type { Host } from '../host/host.ts';
import type { Supervisor } from '../host/notify.ts';
import type { Log } from '../model/log.ts';
import { startHeartbeat } from './heartbeat.ts';
import { type Keeper, keep } from './keep.ts';
import type { ServicesOf } from './service.ts';
import { newServices } from './services.ts';

export interface ServeOptions extends SceneOptions {
  /** The longest time between two looks at the host. */
  readonly everyMs?: number | undefined;
  readonly log: Log;
  /** Ends the daemon; what it has brought about stays. */
  readonly signal: AbortSignal;
  readonly servicesOf?: ServicesOf;
  /** Who waits for word of it. */
  readonly supervisor?: Supervisor | undefined;
  /** Calls the function whenever the operator wants the file to be read anew. */
  readonly onReload?: (reload: () => void) => void;
}

const EVERY_MS = 90_000;

/** The daemon of one island on this host; resolves when the signal has come and all is closed. */
export async function serve(host: Host, options: ServeOptions): Promise<void> {
  requireRoot(host, 'serve');
  const { log, signal, everyMs = EVERY_MS, servicesOf = () => [], supervisor, onReload } = options;
  const island = await selectIsland(host, options);
  await host.asDaemon(island.name, async () => {
    const status = statusTo(supervisor);
    const services = newServices({
      ...{ host, log, servicesOf, lookSoon: (what) => keeper.lookSoon(what), onTrouble: status.troubles },
    });
    let isReady = false;
    const keeper: Keeper = keep(host, island, {
      ...{ ...options, everyMs, log, signal },
      status: status.work,
      onLeft: services.close,
      onMoved: services.moved,
      onKept: async (kept) => {
        await services.onKept(kept);
        if (isReady) return;
        const { role, name } = kept.scene.place;
        log.info({ island: island.name, name, role, repaired: kept.repaired.length }, 'ready');
        supervisor?.tell('READY=1');
        isReady = true;
      },
    });
    onReload?.(async () => {
      // Until it is ready systemd waits for that alone.
      if (isReady) supervisor?.tell('RELOADING=1');
      await keeper.reload();
      if (isReady) supervisor?.tell('READY=1');
    });
    const endHeartbeat = startHeartbeat({
      supervisor,
      log,
      now: host.now,
      lookingSince: keeper.lookingSince,
    });
    signal.addEventListener('abort', () => supervisor?.tell('STOPPING=1'), { once: true });
    try {
      await keeper.done;
    } finally {
      endHeartbeat();
      await services.close();
    }
    log.info({ island: island.name }, 'stopped; links and routes stay');
  });
}

/** The line for `status`: what the daemon is at, and what its services cannot do. */
function statusTo(supervisor: Supervisor | undefined) {
  let work = '';
  let troubles: readonly string[] = [];
  const tell = () => supervisor?.tell(`STATUS=${[work, ...troubles].join('; ')}`);
  return {
    work(text: string) {
      work = text;
      tell();
    },
    troubles(texts: readonly string[]) {
      troubles = texts;
      tell();
    },
  };
}
