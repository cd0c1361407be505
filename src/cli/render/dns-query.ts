import type { Way } from '../../app/dns-own-view.ts';
import type { Queried } from '../../app/dns-query.ts';
import { HOSTS_FILE } from '../../model/hosts-file.ts';
import { formatNameServer } from '../../model/name-server.ts';
import { printable } from '../../model/text.ts';
import { alignRows } from './table.ts';

export function renderQuery(queried: Queried): readonly string[] {
  const { answer, question } = queried;
  const rows = answer.records.map(({ owner, ttl, type, value }) => [`${owner}.`, String(ttl), type, value]);
  const found = alignRows(rows).map((row) => row.join('  ').trimEnd());
  const nothing = `${printable(question.name)} ${question.type}: ${reasonOf(answer.rcode)}`;
  return [...(found.length > 0 ? found : [nothing]), answeredBy(queried), ...ownLines(queried)];
}

export function queryJson({ island, question, server, answer, own, isYes }: Queried) {
  const { rcode, isAuthoritative, transport, ms } = answer;
  return {
    ...{ schemaVersion: 1, island: island.name, isOk: isYes, question, server: { ...server, transport } },
    ...{ rcode, isAuthoritative, ms: Math.round(ms * 10) / 10 },
    records: answer.records.map(({ owner: name, type, ttl, value }) => ({ name, type, ttl, value })),
    host:
      own === undefined
        ? null
        : {
            ...{ state: own.found.state, isSame: own.isSame, by: own.way?.kind ?? null },
            values: own.found.state === 'found' ? own.found.values : [],
          },
  };
}

function reasonOf(rcode: string): string {
  switch (rcode) {
    case 'NOERROR':
      return 'the name has no such record';
    case 'NXDOMAIN':
      return 'no such name';
    case 'REFUSED':
      return 'refused, as no name of the island (REFUSED)';
    default:
      return rcode;
  }
}

function answeredBy({ answer: { transport, isAuthoritative, ms }, server }: Queried): string {
  const how = `${transport === 'tcp' ? ' over TCP' : ''}${isAuthoritative ? '' : ', not authoritative'}`;
  return `${formatNameServer(server)} answered in ${ms.toFixed(1)} ms${how}`;
}

function ownLines({ own, island, question }: Queried): readonly string[] {
  if (own === undefined) return [];
  const by = own.way === undefined ? '' : `, by ${wayWords(own.way)}`;
  if (own.isSame) return [`programs on this host are told the same${by}`];
  return [
    `programs on this host are told ${toldWords(own.found)}${by}`,
    `hint: ${hintFor(own.way, { island: island.name, name: question.name })}`,
  ];
}

type OwnFound = NonNullable<Queried['own']>['found'];

function toldWords(found: OwnFound): string {
  switch (found.state) {
    case 'found':
      return found.values.length === 0 ? 'that there is none' : printable(found.values.join(' '));
    case 'silent':
      return 'nothing in time';
    case 'failed':
      return `nothing (${found.reason})`;
  }
}

function wayWords(way: Way): string {
  switch (way.kind) {
    case 'block':
      return `the island's lines in ${HOSTS_FILE}`;
    case 'line':
      return `${HOSTS_FILE}:${way.line}`;
    case 'resolved':
      return `systemd-resolved, which asks ${way.servers.join(' ')}`;
  }
}

function hintFor(
  way: Way | undefined,
  { island, name }: { readonly island: string; readonly name: string },
): string {
  switch (way?.kind) {
    case undefined:
      return 'tell its resolver what "island dns client" prints, or write "dns: { client: hosts }" in the file and run "island join"';
    case 'block':
      return `island ${way.isWritten ? 'hosts --write' : 'join'} -i ${island}`;
    case 'line':
      return `remove the name from ${HOSTS_FILE}:${way.line}`;
    case 'resolved':
      return `resolvectl flush-caches, then resolvectl query ${printable(name)}`;
  }
}
