import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { storeOf } from '../../../src/host/files.ts';
import { inTurn } from '../../../src/host/lock.ts';
import { isHeld } from '../../../src/hub/register.ts';
import { readRegister } from '../../../src/hub/register-store.ts';

// Runs worker.ts in a mount namespace whose /var/lib is a small disk of its own, and prints what became of it.

const [, , script = ''] = process.argv;
const FOLDER = '/var/lib/island/disk';
const FILLER = '/var/lib/filler';

interface Run {
  readonly acknowledged: readonly (readonly [name: string, inner: string, mac: string])[];
  readonly signal: NodeJS.Signals | null;
  readonly code: number | null;
  readonly stderr: string;
}

interface Started {
  readonly child: ChildProcess;
  readonly firstWord: Promise<unknown>;
  readonly run: Promise<Run>;
}

function start(...args: readonly string[]): Started {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  const firstWord = Promise.race([once(child.stdout, 'data'), once(child, 'close')]);
  child.stdout.on('data', (text) => {
    stdout += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const run = once(child, 'close').then(([code, signal]) => {
    const lines = stdout.split('\n').slice(0, -1);
    return { acknowledged: lines.map((line) => JSON.parse(line)), code, signal, stderr };
  });
  return { child, firstWord, run };
}

/** What was acknowledged and is not in the file, and whether two have one address. */
async function lossOf(runs: readonly Run[]) {
  const register = await readRegister({ store: storeOf, inTurn, random: randomBytes }, 'disk');
  const leases = (register?.leases ?? []).filter(isHeld);
  const kept = new Set(leases.map(({ name, inner, holder }) => [name, inner, holder.mac].join()));
  const acknowledged = runs.flatMap((run) => run.acknowledged);
  return {
    acknowledged: acknowledged.length,
    lost: acknowledged.filter((each) => !kept.has(each.join())),
    twice: leases.length - new Set(leases.map(({ inner }) => inner)).size,
  };
}

/** Kills the process at every number of a step in turn, until one write needs no more steps. */
async function atEveryStep() {
  const runs: Run[] = [];
  const losses: unknown[] = [];
  for (let step = 0; step < 100; step += 1) {
    const run = await start(`step${step}`, '2', String(step)).run;
    runs.push(run);
    losses.push(...(await lossOf(runs)).lost);
    if (run.signal === null) break;
  }
  const [last] = runs.slice(-1);
  return { ...(await lossOf(runs)), losses, killed: runs.length - 1, last, left: readdirSync(FOLDER) };
}

/** Kills two that write at once, each at any moment. */
async function atAnyMoment(rounds: number) {
  const runs: Run[] = [];
  const losses: unknown[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const pair = [start(`a${round}`, '100000'), start(`b${round}`, '100000')];
    for (const { child, firstWord } of pair) {
      await firstWord;
      await delay(Math.random() * 120);
      child.kill('SIGKILL');
    }
    runs.push(...(await Promise.all(pair.map(({ run }) => run))));
    losses.push(...(await lossOf(runs)).lost);
  }
  const signals = [...new Set(runs.map(({ signal, stderr }) => `${signal}${stderr}`))];
  return { ...(await lossOf(runs)), losses, signals };
}

async function manyAtOnce() {
  const runs = await Promise.all([start('c', '60').run, start('d', '60').run, start('e', '60').run]);
  return { ...(await lossOf(runs)), codes: runs.map(({ code }) => code) };
}

/** Gives out leases until the disk is full, and some more when there is room again. */
async function fullDisk() {
  rmSync(FOLDER, { recursive: true });
  leaveRoomFor(64 * 1024);
  const until = await start('f', '100000').run;
  const full = { ...(await lossOf([until])), reason: until.stderr, left: readdirSync(FOLDER) };
  const refused = await start('g', '1').run;
  rmSync(FILLER);
  const later = await start('h', '3').run;
  return { full, refused: refused.acknowledged, later: await lossOf([until, later]) };
}

function leaveRoomFor(bytes: number): void {
  try {
    for (;;) writeFileSync(FILLER, 'x'.repeat(4096), { flag: 'a' });
  } catch {
    truncateSync(FILLER, statSync(FILLER).size - bytes);
  }
}

process.stdout.write(
  JSON.stringify({
    everyStep: await atEveryStep(),
    anyMoment: await atAnyMoment(12),
    manyAtOnce: await manyAtOnce(),
    fullDisk: await fullDisk(),
    mode: (statSync(`${FOLDER}/workers.json`).mode & 0o777).toString(8),
  }),
);
