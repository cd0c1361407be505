import type { ChangedHosts, HostsChange, ListedNames } from '../../app/hosts.ts';
import { HOSTS_FILE, hostsLine } from '../../model/hosts-file.ts';

/** As they would stand in /etc/hosts. */
export function nameLines({ names, zone }: ListedNames): string[] {
  return names.map((each) => hostsLine(each, zone));
}

export function namesJson({ island, zone, names }: ListedNames) {
  return { schemaVersion: 1, island, zone, names };
}

/** What goes, then what comes. */
export function changeLines({ added, removed }: HostsChange): string[] {
  return [...removed.map((line) => `- ${line}`), ...added.map((line) => `+ ${line}`)];
}

export function changedJson(changed: ChangedHosts | undefined) {
  const { island, state, added, removed } = changed ?? NOTHING;
  return { ...{ schemaVersion: 1, island, state }, changed: isWrite(state), added, removed };
}

const NOTHING = { island: null, state: 'same', added: [], removed: [] } as const;

function isWrite(state: ChangedHosts['state']): boolean {
  return state === 'written' || state === 'removed';
}

export function changedSentence(changed: ChangedHosts | undefined): string {
  if (changed === undefined) return `${HOSTS_FILE} has no names that "island hosts --write" put there`;
  const { island, state, added, removed } = changed;
  switch (state) {
    case 'written':
      return `wrote the names of ${island} to ${HOSTS_FILE}: ${added.length} new lines, ${removed.length} old ones gone`;
    case 'removed':
      return `removed the names of ${island} from ${HOSTS_FILE}: ${removed.length} lines`;
    case 'same':
      return `${HOSTS_FILE} is as it should be: nothing to do for ${island}`;
    case 'joined':
      return `the names of ${island} are in ${HOSTS_FILE} already: "island join" put them there, and keeps them as the file says`;
  }
}
