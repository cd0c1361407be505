import type { ReleasedLease } from '../../app/leave.ts';
import { HOSTS_FILE } from '../../model/hosts-file.ts';
import { printable } from '../../model/text.ts';

/** What is left to do where the hub could not be told that a worker has left. */
export function untoldLines({ name, hub, reason = 'no answer' }: ReleasedLease): readonly string[] {
  return [
    printable(`island: the hub could not be told that ${name} has left: ${reason}`),
    `hint: run "island lease release ${name}" on the hub, which has ${hub}`,
  ];
}

/** What is the operator's own is for the operator to take away. */
export function keptNamesLine(island: string): string {
  return `note: the names that "island hosts --write" put into ${HOSTS_FILE} stay: island hosts --remove -i ${island}`;
}
