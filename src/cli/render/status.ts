import type { EndStatus, LinkStatus, Status } from '../../app/status.ts';
import { roleOf } from '../../model/place.ts';
import type { Output, Style } from '../output.ts';
import { findingLine } from './finding.ts';
import { pendingSentence } from './pending.ts';
import { placeSentence } from './place.ts';
import { alignRows, formatBytes } from './table.ts';
import { unitLines, unitsJson } from './units.ts';

const STATE_STYLES: Readonly<Record<EndStatus['state'], Style>> = {
  up: 'green',
  silent: 'yellow',
  down: 'red',
  missing: 'red',
};

export function renderStatus(status: Status, paint: Output['paint']): string[] {
  const { scene, absent, drift, ends, links, guard, pending, units, isFileChanged } = status;
  const { island, place, notes, findings } = scene;
  const title = paint('bold', placeSentence(island, place));
  const limit = pending === undefined ? [] : [paint('yellow', pendingSentence(pending))];
  const daemons = unitLines(units);
  if (absent) return [`${title}, and has not joined`, ...limit, ...daemons, 'hint: island join'];
  return [
    title,
    ...limit,
    ...endTable(ends, links, paint),
    ...guardLine(guard),
    ...daemons,
    ...(isFileChanged ? [CHANGED] : []),
    ...notes,
    ...findings.filter(({ weight }) => weight === 'note').map(findingLine),
    ...drift.map((line) => paint('red', `drift: ${line}`)),
    ...(drift.length === 0
      ? [paint('green', 'as the file says')]
      : ['hint: "island plan" shows the repair, "island join" does it']),
  ];
}

const CHANGED = 'note: the file has changed since the last join; "island join" takes it on';

/** `guard: dropped 12 packets (9 stranger, 3 not IPv4)`. */
function guardLine(guard: Status['guard']): string[] {
  if (guard.length === 0) return [];
  const some = guard.filter(({ packets }) => packets > 0);
  const sum = some.reduce((total, { packets }) => total + packets, 0);
  const reasons = some.map(({ reason, packets }) => `${packets} ${reason}`).join(', ');
  return [`guard: dropped ${sum} packet${sum === 1 ? '' : 's'}${reasons === '' ? '' : ` (${reasons})`}`];
}

/** A link with one end is one row; a shared link has a row of its own above its ends. */
function endTable(
  ends: readonly EndStatus[],
  links: readonly LinkStatus[],
  paint: Output['paint'],
): string[] {
  if (ends.length === 0) return [];
  const byName = new Map(links.map((link) => [link.name, link]));
  const shared = links.filter((link) => link.ends > 1);
  const rows = [
    ['PEER', 'INNER', 'KIND', 'OUTER', 'LINK', 'STATE', 'RTT', 'MTU', 'RX', 'TX'],
    ...shared.map((link) => [
      `(${link.ends} peers)`,
      '-',
      link.kind,
      '-',
      link.name,
      '-',
      '-',
      String(link.mtu),
      ...traffic(link),
    ]),
    ...ends.map((end) => {
      const link = byName.get(end.link ?? '');
      const own = link !== undefined && link.ends === 1 ? traffic(link) : ['-', '-'];
      return [...endCells(end), ...own];
    }),
  ];
  const stateColumn = 5;
  return alignRows(rows).map((row, index) => {
    const end = ends[index - 1 - shared.length];
    const cells = row.map((cell, column) => {
      return end !== undefined && column === stateColumn ? paint(STATE_STYLES[end.state], cell) : cell;
    });
    return cells.join('  ').trimEnd();
  });
}

function endCells({ name, inner, kind, outer, link, state, rttMs, mtu }: EndStatus): string[] {
  const rtt = rttMs === undefined ? '-' : `${rttMs.toFixed(1)} ms`;
  return [name, inner, kind, outer, link ?? '-', state, rtt, mtu === undefined ? '-' : String(mtu)];
}

function traffic({ rxBytes, txBytes }: LinkStatus): string[] {
  return [formatBytes(rxBytes), formatBytes(txBytes)];
}

export function statusJson({ scene, absent, ends, links, ...status }: Status) {
  const { island, place, findings, notes } = scene;
  const { guard, drift, pending, units, isFileChanged } = status;
  return {
    ...{ schemaVersion: 1, island: island.name, name: place.name, role: roleOf(place) },
    joined: !absent,
    fileChanged: isFileChanged,
    units: unitsJson(units),
    pending: pending ?? null,
    ends: ends.map((end) => ({
      ...end,
      rttMs: end.rttMs ?? null,
      link: end.link ?? null,
      mtu: end.mtu ?? null,
    })),
    ...{ links, guard, drift, notes, findings },
  };
}
