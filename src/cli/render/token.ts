import type { CreatedToken, ListedTokens } from '../../app/token.ts';
import { alignRows } from './table.ts';
import { formatTime, isoTime } from './time.ts';

/** What is said beside the command to type. */
export function createdNote({ expiresMs, uses, name }: CreatedToken): string {
  const joins = uses === undefined ? 'any number of joins' : `${uses} join${uses === 1 ? '' : 's'}`;
  const whose = name === undefined ? '' : ` of ${name}`;
  return `good for ${joins}${whose} until ${formatTime(expiresMs)}; whoever has it may join, so keep it to yourself`;
}

export function createdJson({ expiresMs, name, uses, ...created }: CreatedToken) {
  return {
    ...{ schemaVersion: 1, ...created, name: name ?? null, uses: uses ?? null },
    expires: isoTime(expiresMs),
  };
}

export function renderTokens({ island, tokens }: ListedTokens): string[] {
  if (tokens.length === 0) return [`${island} has no tokens: "island token create" makes one`];
  const rows = [
    ['TOKEN', 'FOR', 'STATE', 'USES LEFT', 'CREATED', 'EXPIRES'],
    ...tokens.map(({ id, name, state, usesLeft, createdMs, expiresMs }) => [
      ...[id, name ?? 'any', state, usesLeft === undefined ? 'unlimited' : String(usesLeft)],
      ...[formatTime(createdMs), formatTime(expiresMs)],
    ]),
  ];
  return alignRows(rows).map((row) => row.join('  ').trimEnd());
}

export function tokensJson({ island, tokens }: ListedTokens) {
  return {
    ...{ schemaVersion: 1, island },
    tokens: tokens.map(({ id, name, state, usesLeft, createdMs, expiresMs }) => ({
      ...{ id, name: name ?? null, state, usesLeft: usesLeft ?? null },
      ...{ created: isoTime(createdMs), expires: isoTime(expiresMs) },
    })),
  };
}
