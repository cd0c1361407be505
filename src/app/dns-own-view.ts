import type { DnsAnswered } from '../dns/client.ts';
import type { Found, Sought } from '../host/find.ts';
import type { Host } from '../host/host.ts';
import { blockIn, type HostsEntry, otherEntries, writtenFor } from '../model/hosts-file.ts';
import type { Island } from '../model/island.ts';
import type { Observed } from '../plan/observed.ts';
import type { NameQuestion } from './dns-question.ts';

/** By what this host is told of the names of the island; undefined where nothing that is easy to see does it. */
export type Way =
  /** Lines of the island in /etc/hosts, which join puts there, or `island hosts --write`. */
  | { readonly kind: 'block'; readonly isWritten: boolean }
  /** A line of somebody else there. */
  | { readonly kind: 'line'; readonly line: number }
  | { readonly kind: 'resolved'; readonly servers: readonly string[] };

/** What programs on this host are told. */
export interface OwnView {
  readonly found: Found;
  readonly isSame: boolean;
  readonly way: Way | undefined;
}

interface Compared {
  readonly island: Island;
  readonly observed: Observed;
  readonly question: NameQuestion;
  readonly answer: DnsAnswered;
  readonly timeoutMs: number;
}

/** Asks as programs do, and compares; undefined for what they do not ask. */
export async function ownViewOf(host: Host, compared: Compared): Promise<OwnView | undefined> {
  const sought = soughtFor(compared.question);
  if (sought === undefined) return undefined;
  const found = await host.findName(sought, compared.timeoutMs);
  return { found, isSame: isSame(found, sought, compared), way: wayFor(sought, compared) };
}

function soughtFor({ name, type }: NameQuestion): Sought | undefined {
  switch (type) {
    case 'A':
      return { kind: 'addresses', name, family: 4 };
    case 'AAAA':
      return { kind: 'addresses', name, family: 6 };
    case 'PTR': {
      const octets = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\.in-addr\.arpa$/.exec(name)?.slice(1);
      return octets && { kind: 'name', address: octets.reverse().join('.') };
    }
    default:
      return undefined;
  }
}

/** An address has one name for a program, and may have several in DNS. */
function isSame(found: Found, { kind }: Sought, { question, answer }: Compared): boolean {
  if (found.state !== 'found') return false;
  const told = found.values.map((value) => value.toLowerCase()).toSorted();
  const said = answer.records
    .filter(({ type }) => type === question.type)
    .map(({ value }) => value.toLowerCase().replace(/\.$/, ''))
    .toSorted();
  if (kind === 'name' && told.length > 0) return told.every((name) => said.includes(name));
  return told.join(' ') === said.join(' ');
}

/** Of the two the file comes first, for nearly every host (nsswitch.conf). */
function wayFor(sought: Sought, { island, observed }: Compared): Way | undefined {
  const wanted = sought.kind === 'name' ? sought.address : sought.name;
  const text = observed.hostsFile?.text ?? '';
  const own = [island.name, writtenFor(island.name)];
  const entry = entriesOfOthers(text, own).find(({ address, names }) => {
    return sought.kind === 'name' ? address === wanted : names.some((name) => name.toLowerCase() === wanted);
  });
  if (entry !== undefined) return { kind: 'line', line: entry.line };
  const block = own.find((owner) => blockIn(text, owner)?.some((each) => each.split(/\s+/).includes(wanted)));
  if (block !== undefined) return { kind: 'block', isWritten: block !== island.name };
  if (typeof observed.resolved !== 'object') return undefined;
  const told = observed.resolved.find(({ domains }) => domains.includes(`~${island.zone}`));
  return told && { kind: 'resolved', servers: told.servers };
}

/** Those that none of the owners wrote. */
function entriesOfOthers(text: string, owners: readonly string[]): readonly HostsEntry[] {
  const [first = [], ...more] = owners.map((owner) => otherEntries(text, owner));
  return first.filter(({ line }) => more.every((entries) => entries.some((each) => each.line === line)));
}
