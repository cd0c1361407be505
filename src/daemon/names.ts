import { createDnsServer } from '../dns/server.ts';
import type { EndpointState } from '../dns/slot.ts';
import { createTally, type TallySnapshot } from '../dns/tally.ts';
import { transfersOf } from '../dns/transfer.ts';
import type { Host } from '../host/host.ts';
import type { Ipv4 } from '../model/ip.ts';
import type { Log } from '../model/log.ts';
import { logCounted } from './counters.ts';
import { newHoldings } from './holdings.ts';
import { inTurns } from './turns.ts';
import { type Whose, type WorkerNames, workerNames } from './worker-names.ts';

export interface NamesOptions {
  readonly host: Host;
  readonly log: Log;
  /** Descriptors of the sockets that systemd passed. */
  readonly passed: readonly number[];
  /** Ends the process. */
  readonly signal: AbortSignal;
}

/** The island as it is to be answered for, and where. */
export interface Assignment extends Whose {
  readonly endpoints: readonly { readonly address: Ipv4; readonly port: number }[];
}

/** Answers for the names of an island, in this process. */
export interface Names {
  /** Goes on, or begins, with this: no socket that is still wanted is closed. */
  bring(assignment: Assignment): Promise<void>;
  /** A worker has come or gone. */
  leased(): void;
  /** There may be addresses that were missing. */
  retry(): void;
  /** Until it is brought to something again nothing is answered. */
  rest(): Promise<void>;
  /** Tells at once, and from now on, where it cannot listen and why. */
  watch(tell: (troubles: readonly string[]) => void): void;
  counted(): TallySnapshot;
  close(): Promise<void>;
}

/** So often the names change at most while workers come and go: each change is a copy for every other responder. */
const GAP_MS = 1000;

export function newNames({ host, log, passed, signal }: NamesOptions): Names {
  const tally = createTally();
  const holdings = newHoldings(host);
  const server = createDnsServer({
    ...{ log, tally, zones: holdings.compiled, admission: holdings.admission, portOwner: host.portOwner },
    onState: () => onState(),
    transfers: transfersOf({ zones: holdings.zones, admits: holdings.admitsTransfer }),
  });
  let tell: (troubles: readonly string[]) => void = () => undefined;
  let unused = passed;
  let current: { readonly assignment: Assignment; readonly workers: WorkerNames } | undefined;
  let changedMs = -GAP_MS;
  let later: NodeJS.Timeout | undefined;

  const hold = inTurns(async () => {
    clearTimeout(later);
    later = undefined;
    if (current === undefined) return holdings.drop();
    const { island } = current.assignment;
    if (await holdings.hold({ island, workers: current.workers.of(island) })) changedMs = host.now();
  });

  function onChange(): void {
    const waitMs = changedMs + GAP_MS - host.now();
    if (waitMs <= 0) void hold();
    else later ??= setTimeout(() => void hold(), waitMs);
  }

  function onState(): void {
    tell(server.state().flatMap(troubleOf));
  }

  async function workersFor(assignment: Assignment): Promise<WorkerNames> {
    if (current?.workers.follow(assignment)) return current.workers;
    await current?.workers.close();
    return workerNames(assignment, { host, log, onChange });
  }

  async function rest(): Promise<void> {
    // Before anything is refused: what is asked from now on waits for the next process.
    if (signal.aborted) await server.close();
    const { workers } = current ?? {};
    current = undefined;
    await hold();
    await workers?.close();
    // Those of systemd would be lost: nobody else could listen there, and neither could we.
    if (passed.length === 0) await server.listen([]);
  }

  return {
    async bring(assignment) {
      current = { assignment, workers: await workersFor(assignment) };
      await hold();
      await server.listen(assignment.endpoints, unused);
      unused = [];
    },
    leased: () => current?.workers.look(),
    retry: server.retry,
    rest,
    watch(listener) {
      tell = listener;
      onState();
    },
    counted: tally.snapshot,
    async close() {
      await rest();
      await server.close();
      logCounted(log, tally.snapshot());
    },
  };
}

function troubleOf(state: EndpointState): readonly string[] {
  return state.state === 'waiting' ? [`names are not answered at ${state.address}: ${state.why}`] : [];
}
