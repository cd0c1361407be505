import type { Attack } from './attack.ts';
import type { Counts } from './witness.ts';

/** What became of one round or more of all attacks. */
export interface Tally {
  readonly state: string;
  /** Rounds of attacks that reached the victim. */
  readonly sent: number;
  /** Packets by marker that came to a host behind the victim, or to where else they were addressed. */
  readonly behind: Counts;
  /** Packets by marker that the victim took in for itself. */
  readonly victim: Counts;
  /** Whether what gets in is a failure. */
  readonly refused: (attack: Attack) => boolean;
  /** Whether anything less than all of it is one: it tells that what gets in is seen. */
  readonly mustPass: (attack: Attack) => boolean;
}

/** A table for people: a row per attack, a column per state, in each cell what got in. */
export function formatInjections(
  title: string,
  attacks: readonly Attack[],
  tallies: readonly Tally[],
): string {
  const rows = [
    [title, ...tallies.map(({ state, sent }) => `${state}, ${sent} of each`)],
    ['-', ...tallies.map(() => '-')],
    ...attacks.map((attack) => [attack.name, ...tallies.map((tally) => formatCell(tally, attack))]),
  ];
  return rows.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

/** One line for each attack that got in where it has to be refused, or did not where it has to be seen. */
export function formatBreaches(attacks: readonly Attack[], tallies: readonly Tally[]): string[] {
  return tallies.flatMap((tally) => {
    const lineOf = (attack: Attack) =>
      `${tally.state}: ${attack.name}: got in: ${formatCell(tally, attack)} of ${tally.sent}`;
    const refused = attacks.filter((attack) => tally.refused(attack) && arrived(tally, attack) > 0);
    const missed = attacks.filter(
      (attack) => tally.mustPass(attack) && arrived(tally, attack) < attack.packets * tally.sent,
    );
    const unsent = tally.sent > 0 ? [] : [`${tally.state}: nothing was sent`];
    return [...unsent, ...refused.map(lineOf), ...missed.map((attack) => `${lineOf(attack)}, not all`)];
  });
}

function arrived({ behind, victim }: Tally, { marker }: Attack): number {
  return (behind.get(marker) ?? 0) + (victim.get(marker) ?? 0);
}

function formatCell({ behind, victim }: Tally, { marker }: Attack): string {
  const counts = [
    [behind.get(marker) ?? 0, 'behind'],
    [victim.get(marker) ?? 0, 'inside'],
  ] as const;
  const some = counts.filter(([count]) => count > 0);
  return some.length === 0 ? '0' : some.map(([count, where]) => `${count} ${where}`).join(', ');
}
