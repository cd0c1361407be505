import type { Attack } from './attack.ts';
import type { Counts } from './witness.ts';

/** How much of an attack has to get in: that what gets in is seen is worth as much as that nothing does. */
export type Due = 'none' | 'some' | 'all' | 'any';

/** What became of one round or more of all attacks. */
export interface Tally {
  /** The column of the table that it is added to. */
  readonly column: string;
  readonly state: string;
  /** Rounds of attacks that reached the victim. */
  readonly sent: number;
  /** Packets by marker that came to a host behind the victim, or to where else they were addressed. */
  readonly behind: Counts;
  /** Packets by marker that the victim took in for itself. */
  readonly victim: Counts;
  readonly due: (attack: Attack) => Due;
}

/** What became of one victim. */
export interface Outcome {
  /** How the table calls the victim. */
  readonly role: string;
  readonly attacks: readonly Attack[];
  readonly tallies: readonly Tally[];
}

/**
 * A table for people: a row per attack, a column per victim and state with the number of rounds, in each cell
 * `behind+inside`: what got to where it wanted to go, and what the victim took in for itself.
 */
export function formatInjections(title: string, outcomes: readonly Outcome[]): string {
  const columns = outcomes.flatMap((outcome) =>
    [...new Set(outcome.tallies.map(({ column }) => column))].map((column) => ({
      ...outcome,
      column,
      tallies: outcome.tallies.filter((tally) => tally.column === column),
    })),
  );
  const names = new Set(outcomes.flatMap(({ attacks }) => attacks.map(({ name }) => name)));
  const rows = [
    [title, ...columns.map(({ role, column, tallies }) => `${role}: ${column} (${roundsOf(tallies)})`)],
    ['-', ...columns.map(() => '-')],
    ...[...names].map((name) => [name, ...columns.map((column) => formatColumn(column, name))]),
  ];
  return rows.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

/** One line for each attack of which more or less got in than had to. */
export function formatBreaches({ role, attacks, tallies }: Outcome): string[] {
  return tallies.flatMap((tally) => {
    const unsent = tally.sent > 0 ? [] : [`${role}: ${tally.state}: nothing was sent`];
    const wrong = attacks.filter((attack) => !isDue(tally, attack));
    return [
      ...unsent,
      ...wrong.map(
        (attack) =>
          `${role}: ${tally.state}: ${attack.name}: ${formatCell([tally], attack)} got in, not ${tally.due(attack)}`,
      ),
    ];
  });
}

function isDue(tally: Tally, attack: Attack): boolean {
  const arrived = sumOf([tally.behind], attack) + sumOf([tally.victim], attack);
  switch (tally.due(attack)) {
    case 'none':
      return arrived === 0;
    case 'some':
      return arrived > 0;
    case 'all':
      return arrived >= attack.packets * tally.sent;
    case 'any':
      return true;
  }
}

/** Nothing where the victim is not attacked so. */
function formatColumn({ attacks, tallies }: Outcome, name: string): string {
  const attack = attacks.find((each) => each.name === name);
  return attack === undefined ? '' : formatCell(tallies, attack);
}

function formatCell(tallies: readonly Tally[], attack: Attack): string {
  const behind = sumOf(
    tallies.map((tally) => tally.behind),
    attack,
  );
  const inside = sumOf(
    tallies.map((tally) => tally.victim),
    attack,
  );
  return behind + inside === 0 ? '0' : `${behind}+${inside}`;
}

function sumOf(counts: readonly Counts[], { marker }: Attack): number {
  return counts.reduce((sum, each) => sum + (each.get(marker) ?? 0), 0);
}

function roundsOf(tallies: readonly Tally[]): number {
  return tallies.reduce((sum, { sent }) => sum + sent, 0);
}
