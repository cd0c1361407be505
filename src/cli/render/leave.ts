import type { ReleasedLease } from '../../app/leave.ts';
import { printable } from '../../model/text.ts';

/** What is left to do where the hub could not be told that a worker has left. */
export function untoldLines({ name, hub, reason = 'no answer' }: ReleasedLease): readonly string[] {
  return [
    printable(`island: the hub could not be told that ${name} has left: ${reason}`),
    `hint: run "island lease release ${name}" on the hub, which has ${hub}`,
  ];
}
