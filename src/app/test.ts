import { IslandError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { nftTableOf } from '../model/addressing.ts';
import { endsOf } from '../model/island.ts';
import { nearest } from '../model/names.ts';
import { effectsOf } from '../plan/effect.ts';
import { droppedBy } from '../plan/guard.ts';
import type { Observed } from '../plan/observed.ts';
import type { Counts, Evidence } from '../probe/check.ts';
import { type CheckOptions, checksOf, type Sight } from '../probe/checks.ts';
import type { Question } from '../probe/question.ts';
import { type Report, reportOf } from '../probe/report.ts';
import { answersFor } from '../probe/run.ts';
import { driftOf, isAbsent, lookAt, type Scene, type SceneOptions } from './scene.ts';

export interface TestOptions extends SceneOptions, CheckOptions {
  /** How long each question may take to be answered. */
  readonly timeoutMs: number;
  readonly onAnswer?: ((answered: number, asked: number) => void) | undefined;
  readonly interrupted?: (() => boolean) | undefined;
}

export interface Tested {
  readonly scene: Scene;
  readonly report: Report;
}

/** Asks the island, from this host, layer by layer, and finds out what is broken. Changes nothing. */
export async function test(host: Host, options: TestOptions): Promise<Tested> {
  const scene = await lookAt(host, options);
  requireTargets(scene, options.targets);
  const checks = checksOf(sightOf(host, scene), options);
  const ask = (question: Question) => host.ask(question, options.timeoutMs);
  const answerTo = await answersFor(checks, { ...options, ask });
  // What was not asked any more would look like what is not answered.
  if (options.interrupted?.() === true) throw new IslandError('E_RETRY', 'interrupted');
  const observed = await host.observe(nftTableOf(scene.island.name));
  const evidence: Evidence = { answerTo, before: countsOf(scene.observed), after: countsOf(observed) };
  return { scene, report: reportOf(checks, evidence) };
}

function sightOf(host: Host, scene: Scene): Sight {
  return {
    ...{ ...scene, steps: driftOf(scene), isAbsent: isAbsent(scene) },
    ...{ reversePath: host.reversePath(), missing: missingOn(host, scene) },
  };
}

function missingOn(host: Host, { steps }: Scene): Sight['missing'] {
  try {
    host.require(effectsOf(steps));
    return undefined;
  } catch (error) {
    if (!(error instanceof IslandError)) throw error;
    return { text: error.message, fix: error.hint ?? error.message };
  }
}

function countsOf({ links, nft }: Observed): Counts {
  const dropped = typeof nft === 'string' ? [] : droppedBy(nft);
  return {
    links: new Map(links.map(({ name, counters }) => [name, counters])),
    dropped: new Map(dropped.map(({ reason, packets }) => [reason, packets])),
  };
}

function requireTargets({ island, place }: Scene, targets: readonly string[]): void {
  const workers = place.role === 'hub' ? (place.workers?.workers ?? []) : [];
  const known = [...endsOf(island), ...island.hosts, ...island.checks, ...workers].map(({ name }) => name);
  for (const target of targets) {
    if (known.includes(target)) continue;
    const meant = nearest(target, new Set(known));
    throw new IslandError('E_USAGE', `no host and no check of ${island.name} is named "${target}"`, {
      hint:
        meant === undefined ? `name one of ${known.slice(0, 5).join(', ')}, …` : `did you mean "${meant}"?`,
    });
  }
}
