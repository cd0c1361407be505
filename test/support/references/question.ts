import { FLAGS, packet, question } from './packet.ts';

/** Something to ask a name server, as bytes, since no library would send most of it. */
export interface Question {
  readonly title: string;
  readonly query: Uint8Array;
}

export const ZONE = 'r2lab.internal';

/** A host, which has an A and nothing else. */
export const HOST = `fit07.${ZONE}`;

export const REVERSE = '3.168.192.in-addr.arpa';

/** An ordinary question, as a stub resolver asks it. */
export function ask(title: string, ...[owner, type, inClass]: Parameters<typeof question>): Question {
  return { title, query: packet({ flags: FLAGS.RD, questions: [question(owner, type, inClass)] }) };
}
