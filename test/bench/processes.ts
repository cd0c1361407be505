import { install, mustIsland } from '../support/island.ts';
import type { LabHost } from '../support/lab/host.ts';
import { NAME, starFile, withHub } from './islands.ts';
import { atMost, type Row } from './report.ts';
import { programsOf, wrapPrograms } from './wrapped.ts';

const MOST_WRITING = 3;
/** For each look at the kernel; a join that changes something looks again afterwards. */
const MOST_READING = 5;

/** How many programs the commands start, and how many rules a packet of the host passes. */
export function measureProcesses(): Promise<readonly Row[]> {
  return withHub(async (hub) => {
    await wrapPrograms(hub);
    const few = await countAt(hub, 1);
    const many = await countAt(hub, 253);
    const rules: Row = {
      measure: 'ip rules on a hub with 253 peers and networks',
      value: String(many.rules),
      peer: `${few.rules} with 1 peer and network`,
      target: { text: 'the same', met: many.rules === few.rules },
      runs: 1,
    };
    return [...few.rows, ...many.rows, rules];
  });
}

async function countAt(hub: LabHost, peers: number) {
  await install([hub], starFile(peers), NAME);
  const of = `${peers} peer${peers === 1 ? '' : 's'}`;
  const rows = [
    ...(await count(hub, 'join', { what: `join, bare hub, ${of}`, writing: MOST_WRITING, looks: 2 })),
    ...(await count(hub, 'join', { what: `join again, ${of}`, writing: 0, looks: 1 })),
    ...(await count(hub, 'status', { what: `status, ${of}`, writing: 0, looks: 1 })),
    ...(await count(hub, 'plan', { what: `plan, ${of}`, writing: 0, looks: 1 })),
  ];
  const rules = await hub.run(['ip', 'rule', 'show']);
  await mustIsland(hub, 'leave');
  return { rows, rules: rules.split('\n').filter(Boolean).length };
}

interface Expected {
  readonly what: string;
  readonly writing: number;
  readonly looks: number;
}

async function count(hub: LabHost, command: string, { what, writing, looks }: Expected): Promise<Row[]> {
  const programs = await programsOf(hub, command);
  const writes = programs.filter((program) => program.writes).length;
  const reads = programs.length - writes;
  return [
    {
      measure: `programs that write: ${what}`,
      value: String(writes),
      target: atMost(writing, writes),
      runs: 1,
    },
    {
      measure: `programs that read: ${what}`,
      value: String(reads),
      peer: looks === 1 ? 'one look at the kernel' : `${looks} looks at the kernel`,
      target: atMost(looks * MOST_READING, reads),
      runs: 1,
    },
  ];
}
