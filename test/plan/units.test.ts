import { expect, test } from 'vitest';
import { enableSteps } from '../../src/plan/unit-steps.ts';
import { type UnitsSeen, withProgram } from '../../src/plan/units.ts';

const UNIT = `# island join is what it does
[Service]
ExecStartPre=-/bin/true
ExecStart=island join -i %i
ExecReload=-island join -i %i
ExecStop=islander
`;

test('the words of a unit are kept where systemd finds this very program by them', () => {
  expect(withProgram(UNIT, undefined)).toBe(UNIT);
});

test('the program stands in for the word island in front of a command line, quoted as systemd wants it', () => {
  const text = withProgram(UNIT, ['/usr/bin/node', '/home/a b/100%/$x"\\main.cjs']);
  const program = '/usr/bin/node "/home/a b/100%%/$$x\\"\\\\main.cjs"';
  expect(text.split('\n')).toEqual([
    ...['# island join is what it does', '[Service]', 'ExecStartPre=-/bin/true'],
    ...[`ExecStart=${program} join -i %i`, `ExecReload=-${program} join -i %i`, 'ExecStop=islander', ''],
  ]);
});

test('what a package has put in place is not written again, and NetworkManager is only told where there is one', () => {
  const seen: UnitsSeen = {
    shipped: ['island@.service', '70-island.link', '70-island.conf'].map((name) => ({ name, text: '' })),
    packaged: new Set(['island@.service']),
    ...{ written: new Map(), foreign: new Set(), links: [] },
    ...{ up: new Set(), active: new Set(), failed: new Set(), isStale: false },
    folders: new Set(['systemd/system', 'systemd/network']),
  };
  const wish = { island: 'r2lab', term: 'persistent', now: false, isDue: false, listen: [] } as const;
  const paths = (steps: ReturnType<typeof enableSteps>) =>
    steps.flatMap((step) => (step.kind === 'write' ? [step.path] : []));
  expect(paths(enableSteps(seen, wish))).toEqual(['/etc/systemd/network/70-island.link']);
  const all = new Set([...seen.folders, 'NetworkManager/conf.d']);
  expect(paths(enableSteps({ ...seen, folders: all, packaged: new Set() }, wish))).toEqual([
    ...['/etc/systemd/system/island@.service', '/etc/systemd/network/70-island.link'],
    '/etc/NetworkManager/conf.d/70-island.conf',
  ]);
});
