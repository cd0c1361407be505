import type { Tested } from '../../app/test.ts';
import { roleOf } from '../../model/place.ts';
import { checkKey } from '../../probe/check.ts';
import { CODES } from '../../probe/codes.ts';
import type { Cause, Report, Result } from '../../probe/report.ts';
import type { Output } from '../output.ts';
import { placeSentence } from './place.ts';

/** A line for each thing that was tested, then the causes with what to type, then the verdict. */
export function renderTest({ scene: { island, place }, report }: Tested, paint: Output['paint']): string[] {
  const known = report.results.filter((result) => !isUnknown(result));
  const groups = groupsOf(known).map((results) => ({ label: labelOf(results), results }));
  const width = Math.max(...groups.map(({ label }) => label.length));
  return [
    paint('bold', placeSentence(island, place)),
    ...groups.map(({ label, results }) => `${label.padEnd(width)}  ${lineOf(results, paint)}`),
    ...unknownLines(report.results.filter(isUnknown), paint),
    ...report.causes.flatMap((cause) => causeLines(cause, paint)),
    verdictOf(report, paint),
  ];
}

interface PingOptions {
  readonly name: string;
  readonly paint: Output['paint'];
}

/** A line for each layer of one host; on failure the first cause, and what to type. */
export function renderPing({ report }: Tested, { name, paint }: PingOptions): string[] {
  const own = report.results.filter((result) => result.check.subject.name === name && !isUnknown(result));
  const groups = groupsOf(own).map((results) => ({ label: labelOf(results), results }));
  const width = Math.max(...groups.map(({ label }) => label.length));
  const [cause] = report.causes;
  return [
    ...groups.map(({ label, results }) => `${label.padEnd(width)}  ${lineOf(results, paint)}`),
    ...(report.isOk || cause === undefined ? [] : causeLines(cause, paint)),
  ];
}

/** What could not be known, though nothing that is broken explains that. */
function isUnknown({ outcome, cause }: Result): boolean {
  return outcome.state === 'unknown' && cause === undefined;
}

const MOST_NAMES = 5;

/** One line for all of whom the same cannot be known. */
function unknownLines(results: readonly Result[], paint: Output['paint']): string[] {
  const names = new Map<string, string[]>();
  for (const { check, outcome } of results) {
    if (outcome.state !== 'unknown') continue;
    names.set(outcome.text, [...new Set([...(names.get(outcome.text) ?? []), check.subject.name])]);
  }
  return [...names].map(([text, some]) => {
    const more = some.length > MOST_NAMES ? ` and ${some.length - MOST_NAMES} more` : '';
    return `${paint('yellow', '?')} ${some.slice(0, MOST_NAMES).join(', ')}${more}: ${text}`;
  });
}

/** All that was asked of one part of one subject. */
function groupsOf(results: readonly Result[]): Result[][] {
  const groups = new Map<string, Result[]>();
  for (const result of results) {
    const { name, part } = result.check.subject;
    const key = `${name} ${part}`;
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  return [...groups.values()];
}

function labelOf([first]: readonly Result[]): string {
  if (first === undefined) return '';
  const { name, part, address } = first.check.subject;
  return [
    name,
    ...(part === undefined ? [] : [part]),
    ...(address === undefined ? [] : [`(${address})`]),
  ].join(' ');
}

function lineOf(results: readonly Result[], paint: Output['paint']): string {
  const failed = results.find(({ outcome, cause }) => outcome.state === 'ko' && cause === undefined);
  if (failed?.outcome.state === 'ko') {
    const word = failed.check.required ? paint('red', 'KO') : paint('yellow', 'KO');
    return `${word} ${failed.check.code} ${failed.outcome.text}`;
  }
  const explained = results.find(({ cause }) => cause !== undefined);
  if (explained?.cause !== undefined) {
    return `${paint('yellow', 'KO')} because of ${checkKey(explained.cause)}`;
  }
  const times = results.flatMap(({ outcome }) =>
    outcome.state === 'ok' && outcome.ms !== undefined ? [outcome.ms] : [],
  );
  const [ms] = times;
  return `${paint('green', 'OK')}${ms === undefined ? '' : ` ${ms.toFixed(1)} ms`}`;
}

function causeLines({ check, fix, consequences }: Cause, paint: Output['paint']): string[] {
  const more =
    consequences === 0
      ? ''
      : `, on which ${consequences} more check${consequences === 1 ? ' depends' : 's depend'}`;
  return [
    `${paint('bold', checkKey(check))}${more}`,
    `  means: ${CODES[check.code].otherwise}`,
    `  fix:   ${fix}`,
  ];
}

function verdictOf({ results, causes, isOk }: Report, paint: Output['paint']): string {
  const unknown = results.filter(isUnknown).length;
  const open = unknown === 0 ? '' : `, ${unknown} could not be known from here`;
  const known = results.length - unknown;
  if (causes.length === 0) return paint('green', `${known} of ${known} checks hold${open}`);
  const required = causes.filter(({ check }) => check.required).length;
  const words = `${causes.length} cause${causes.length === 1 ? '' : 's'} found${open}`;
  return isOk
    ? paint('yellow', `${words}, none of what is required`)
    : paint('red', `${words}, ${required} of what is required`);
}

/** Schema: docs/checks.md. */
export function testJson({ scene: { island, place }, report }: Tested, ms: number) {
  return {
    ...{ schemaVersion: 1, island: island.name, name: place.name, role: roleOf(place), ok: report.isOk },
    causes: report.causes.map(({ check, text, fix, consequences }) => ({
      ...{ code: check.code, subject: check.subject.name, required: check.required, text, fix, consequences },
    })),
    checks: report.results.map(({ check: { code, subject, required }, outcome, cause }) => ({
      ...{ code, layer: CODES[code].layer, subject: subject.name, part: subject.part ?? null },
      ...{ address: subject.address ?? null, required, state: outcome.state },
      ms: outcome.state === 'ok' ? (outcome.ms ?? null) : null,
      text: outcome.state === 'ok' ? null : outcome.text,
      fix: outcome.state === 'ko' ? outcome.fix : null,
      cause: cause === undefined ? null : checkKey(cause),
    })),
    ms,
  };
}
