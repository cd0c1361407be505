import { type Check, checkKey, type Evidence, type Outcome } from './check.ts';

/** One check, and what came of it. */
export interface Result {
  readonly check: Check;
  readonly outcome: Outcome;
  /** The failed check that explains what this one found. */
  readonly cause: Check | undefined;
}

export interface Report {
  readonly results: readonly Result[];
  /** What is broken and not explained by anything else. */
  readonly causes: readonly Cause[];
  /** Whether all that is required holds. */
  readonly isOk: boolean;
}

export interface Cause {
  readonly check: Check;
  readonly text: string;
  readonly fix: string;
  /** How many other checks failed, or could not be judged, because of it. */
  readonly consequences: number;
}

/** The verdict: which of the failures are causes, and which only follow from them. */
export function reportOf(checks: readonly Check[], evidence: Evidence): Report {
  const outcomes = new Map(checks.map((check) => [check, check.judge(evidence)]));
  const causeOf = explainer(checks, outcomes);
  const results = checks.map((check): Result => {
    const outcome = outcomes.get(check) ?? { state: 'ok' };
    return { check, outcome, cause: outcome.state === 'ok' ? undefined : causeOf(check) };
  });
  const causes = results.flatMap(({ check, outcome, cause }): Cause[] => {
    if (outcome.state !== 'ko' || cause !== undefined) return [];
    const { text, fix } = outcome;
    return [{ check, text, fix, consequences: results.filter((other) => other.cause === check).length }];
  });
  return { results, causes, isOk: causes.every(({ check }) => !check.required) };
}

type Outcomes = ReadonlyMap<Check, Outcome>;

/** Finds the first failure, as far up as they go, that what a check found follows from. */
function explainer(checks: readonly Check[], outcomes: Outcomes): (check: Check) => Check | undefined {
  const byKey = new Map(checks.map((check) => [checkKey(check), check]));
  const known = new Map<Check, Check | undefined>();
  const isKo = (check: Check) => outcomes.get(check)?.state === 'ko';
  const causeOf = (check: Check): Check | undefined => {
    if (known.has(check)) return known.get(check);
    known.set(check, undefined);
    const failed = check.after
      .flatMap((key) => byKey.get(key) ?? [])
      .filter((each) => outcomes.get(each)?.state !== 'ok');
    const causes = failed.map((each) => causeOf(each) ?? (isKo(each) ? each : undefined));
    const cause = causes.find((each) => each !== undefined && each !== check);
    known.set(check, cause);
    return cause;
  };
  return causeOf;
}
