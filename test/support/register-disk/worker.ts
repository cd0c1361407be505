import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import fs, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { loadIsland } from '../../../src/config/load.ts';
import { storeOf } from '../../../src/host/files.ts';
import { inTurn } from '../../../src/host/lock.ts';
import { acquire } from '../../../src/hub/leases.ts';
import { granted, type Terms } from '../../../src/hub/register.ts';
import { registerStore } from '../../../src/hub/register-store.ts';
import { createToken } from '../../../src/hub/tokens.ts';

// A hub's process: gives out leases, each of which it acknowledges with a line on stdout.
// Arguments: what the names begin with, how many, and at which write it kills itself ("-" for none).

const [prefix = 'w', count = '1', killAt = '-'] = process.argv.slice(2);
const island = loadIsland(
  `island: disk
subnet: 10.8.0.0/16
hub: { name: hub, outer: 192.0.2.1, inner: 10.8.0.1 }
workers: { pool: 10.8.128.0/17 }
`,
  'disk.yaml',
);
const terms: Terms = { island, now: Date.now(), random: randomBytes };
const store = registerStore({ store: storeOf, inTurn, random: randomBytes }, island.name);

const { id } = await store.update((register) => createToken(register, { ttlMs: 3_600_000 }, terms));
for (let index = 0; index < Number(count); index += 1) {
  if (index === 1 && killAt !== '-') killBetweenWrites(Number(killAt));
  const request = { identity: `token:${id}`, name: `${prefix}-${index}`, routes: [], takeover: false };
  const acquired = await store.update((register) => {
    const outcome = acquire(register, request, terms);
    return outcome.kind === 'granted' ? granted(outcome.register, outcome.value) : outcome;
  });
  if (acquired.kind === 'ask') throw new Error(`${request.name} is there already`);
  const { name, inner, holder } = acquired.lease;
  writeSync(1, `${JSON.stringify([name, inner, holder.mac])}\n`);
}

/** From now on every step of a write has a number before it and after it; at this one the process ends by kill -9. */
function killBetweenWrites(fatal: number): void {
  let step = 0;
  const tick = () => {
    if (step === fatal) process.kill(process.pid, 'SIGKILL');
    step += 1;
  };
  const around =
    <Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      tick();
      const result = await work(...args);
      tick();
      return result;
    };
  const { open, mkdir, rename } = fs;
  const wrapped = (handle: FileHandle) => ({
    writeFile: around(async (text: string) => {
      await handle.write(text.slice(0, text.length / 2));
      tick();
      await handle.write(text.slice(text.length / 2));
    }),
    sync: around(() => handle.sync()),
    close: around(() => handle.close()),
  });
  Object.assign(fs, {
    mkdir: around(mkdir),
    rename: around(rename),
    open: around(async (...args: Parameters<typeof open>) => wrapped(await open(...args))),
  });
  syncBuiltinESMExports();
}
