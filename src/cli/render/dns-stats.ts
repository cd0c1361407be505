import type { CountedNames } from '../../app/dns-stats.ts';
import { formatTime, isoTime } from './time.ts';

export function renderStats({ island, stats }: CountedNames): readonly string[] {
  if (stats === undefined) {
    return [
      `no responder of ${island} has answered here`,
      `hint: systemctl status islandd@${island}, or run "island dns serve"`,
    ];
  }
  const { since, udp, tcp, types, rcodes, drops } = stats;
  return [
    `${udp + tcp} answers since ${formatTime(since)}: ${udp} over UDP, ${tcp} over TCP`,
    `types    ${countWords(types)}`,
    `rcodes   ${countWords(rcodes)}`,
    `dropped  ${countWords(drops)}`,
  ];
}

export function statsJson({ island, stats }: CountedNames) {
  const { since, ...counts } = stats ?? { since: undefined };
  return { schemaVersion: 1, island, since: since === undefined ? null : isoTime(since), ...counts };
}

/** The most first. */
function countWords(counts: Readonly<Record<string, number>>): string {
  const words = Object.entries(counts)
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${count}`);
  return words.join(', ') || 'none';
}
