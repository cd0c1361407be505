import type { Counters } from '../plan/observed.ts';
import type { Code } from './codes.ts';
import type { Answer, Question } from './question.ts';

/** Whom or what a check is about, as its line begins: `sopnode-l1 tunnel (10.3.1.2)`. */
export interface Subject {
  /** A host of the file, a configured check, or this host. */
  readonly name: string;
  readonly part?: string;
  readonly address?: string;
}

export const THIS_HOST: Subject = { name: 'this host' };

export type Outcome =
  | { readonly state: 'ok'; readonly ms?: number | undefined }
  | { readonly state: 'ko'; readonly text: string; readonly fix: string }
  /** What could not be known from here, and why. */
  | { readonly state: 'unknown'; readonly text: string };

/** What this host counted, before and after it asked. */
export interface Counts {
  /** By the name of the link. */
  readonly links: ReadonlyMap<string, Counters>;
  /** Packets that the guard dropped, by reason. */
  readonly dropped: ReadonlyMap<string, number>;
}

/** What a check judges by, beside what it was made from. */
export interface Evidence {
  readonly answerTo: (question: Question) => Answer | undefined;
  readonly before: Counts;
  readonly after: Counts;
}

export interface Check {
  readonly code: Code;
  readonly subject: Subject;
  /** Whether the verdict is KO when it is. */
  readonly required: boolean;
  /** Keys of checks which, when they fail, explain whatever this one finds. */
  readonly after: readonly string[];
  /** What it needs to know next, given the answers so far; none when it knows enough. */
  readonly asks: (answerTo: Evidence['answerTo']) => readonly Question[];
  readonly judge: (evidence: Evidence) => Outcome;
}

export function checkKey({ code, subject }: Pick<Check, 'code' | 'subject'>): string {
  return `${code} ${subject.name}`;
}
