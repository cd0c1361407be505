import { applyWorkers } from '../app/apply-workers.ts';
import { deskOf } from '../app/desk.ts';
import type { Kept } from '../app/heal.ts';
import { chooseFile, type Selection } from '../app/select.ts';
import { termsOf } from '../app/terms.ts';
import { serveApi } from '../hub/api.ts';
import { learn } from '../hub/learner.ts';
import { hubWorkersOf } from '../hub/leases.ts';
import type { Register } from '../hub/register.ts';
import { registerStore } from '../hub/register-store.ts';
import { keyOfIdentity } from '../hub/tokens.ts';
import { nftTableOf } from '../model/addressing.ts';
import type { Worker } from '../model/worker.ts';
import { workersLinkOf } from '../model/worker.ts';
import { endSetting } from '../plan/end.ts';
import type { RunningService, Service, ServiceSetting } from './service.ts';
import { inTurns } from './turns.ts';

/** What a hub with workers does beside keeping itself as the file says. */
export function hubServices(selection: Selection): (kept: Kept) => readonly Service[] {
  return ({ island, scene: { place } }) =>
    place.role === 'hub' && island.workers !== undefined ? [hubService(selection)] : [];
}

function hubService(selection: Selection): Service {
  return { name: 'workers', start: (setting) => start(setting, selection) };
}

/** The control API, where workers ask for leases, and the learner, which finds where they are. */
async function start(
  { host, island, scene, log, leased }: ServiceSetting,
  selection: Selection,
): Promise<RunningService> {
  const { place, observed } = scene;
  if (place.role !== 'hub') throw new TypeError('only a hub has workers');
  const { file } = await chooseFile(host, selection);
  const register = registerStore(host, island.name);
  let last: { readonly register: Register; readonly workers: readonly Worker[] } | undefined;
  const workers = (): readonly Worker[] => {
    const now = register.current();
    if (now === undefined) return [];
    if (last?.register !== now) {
      last = { register: now, workers: hubWorkersOf(now, termsOf(host, island)).workers };
    }
    return last.workers;
  };
  const learner = learn({
    ...{ host, log, workers },
    nftTable: nftTableOf(island.name),
    link: workersLinkOf(island.name),
    ...{ port: island.port, keepaliveMs: island.workers?.keepaliveMs ?? 0 },
  });
  const desk = deskOf(host, {
    ...{ island, register, log, config: file.text },
    keyOf: (identity) => {
      const now = register.current();
      return now && keyOfIdentity(now, identity);
    },
    apply: inTurns(async () => {
      await applyWorkers(host, island, { isWatched: true, register });
      leased();
    }),
    expect: (mac) => void learner.expect(mac),
  });
  try {
    const { local } = endSetting({ island, observed }, place);
    const api = await serveApi({ address: local, port: island.port, desk, log });
    return {
      repaired: () => learner.refresh(),
      moved: (isGone) => learner.hear({ isGone }),
      close: async () => {
        await api.close();
        await learner.close();
      },
    };
  } catch (cause) {
    await learner.close();
    throw cause;
  }
}
