import { expect, test } from 'vitest';
import { checkDocs } from '../../src/docs/checks.ts';
import type { ProbeFault } from '../support/probe/fault.ts';
import { HOST_FAULTS } from '../support/probe/host-faults.ts';
import { IPIP_FAULTS } from '../support/probe/ipip-faults.ts';
import { NAME_FAULTS } from '../support/probe/name-faults.ts';
import { WAY_FAULTS } from '../support/probe/way-faults.ts';

const NOTICE =
  '<!-- Written by "npx vitest run --project unit test/docs -u" from src/probe/codes.ts and test/support/probe/: edit these. -->';

test('docs/checks.md has every check, and every fault that the suite injects with what it is found as', async () => {
  const faults = [
    '## Faults that were injected',
    '',
    'One at a time into a healthy model network, where `island echo` runs on every host, and each asks the hub for names; each cause is the',
    'only one that is named, and none is once all are mended. `sh test/run netns -t "island test"`; for ipip `npm run test:long`.',
    '',
    ...tableOf('vxlan', [...HOST_FAULTS, ...WAY_FAULTS, ...NAME_FAULTS]),
    ...tableOf('ipip', IPIP_FAULTS),
  ];
  await expect(`${NOTICE}\n${checkDocs()}${faults.join('\n')}`).toMatchFileSnapshot('../../docs/checks.md');
});

function tableOf(kind: string, faults: readonly ProbeFault[]): string[] {
  return [
    `| with ${kind} links | injected on | \`island test\` on | cause |`,
    '|-|-|-|-|',
    ...faults.flatMap(({ name, on, seen }) =>
      Object.entries(seen).map(
        ([viewer, cause]) => `| ${name} | ${on} | ${viewer} | ${cause || 'nothing is wrong'} |`,
      ),
    ),
    '',
  ];
}
