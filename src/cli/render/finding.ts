import type { Finding } from '../../plan/finding.ts';

export const FINDING_LABELS = { refuse: 'join will refuse', drift: 'in the way', note: 'note' } as const;

/** As in `note: tunl0 is up with an address; …`. */
export function findingLine({ weight, text, hint }: Finding): string {
  return `${FINDING_LABELS[weight]}: ${text}; ${hint}`;
}
