import { expect, test } from 'vitest';
import { manPage } from '../../src/docs/man.ts';
import type { CommandNode } from '../../src/docs/tree.ts';
import { EXIT } from '../../src/errors.ts';

const DIG: CommandNode = {
  path: 'tool dig',
  name: 'dig',
  usage: 'tool dig [options] <file>',
  summary: 'dig',
  description:
    'Digs – see `tool dig-in` – without -d as deep as "~" is.\n.so a line of its own, it\'s C:\\x.',
  args: [{ name: 'file', description: '.where', choices: [] }],
  options: [
    option('-d, --depth <metres>', 'how deep, not well-known', ['-d', '--depth']),
    option('-h, --help', 'nobody needs this', ['-h', '--help']),
  ],
  examples: ["tool dig 'here'  a hole", '.tool'],
  commands: [],
};
const TOOL: CommandNode = {
  ...{ path: 'tool', name: 'tool', usage: 'tool', summary: '', args: [], options: [], examples: [] },
  description: 'Moves earth.',
  commands: [DIG],
};

test('the manual page has each command with its options and examples, and each exit status', () => {
  const page = manPage(TOOL, { version: '1.2.3', date: '2026-11-21' });
  const lines = page.split('\n');
  expect(lines[0]).toBe('.TH TOOL 8 "2026-11-21" "tool 1.2.3" "System Administration"');
  expect(lines).toContain('tool \\- moves earth');
  expect(lines.filter((line) => line.startsWith('.SH '))).toEqual(
    ['NAME', 'SYNOPSIS', 'DESCRIPTION', 'COMMANDS', 'FILES', 'EXIT STATUS', 'SEE ALSO'].map(
      (title) => `.SH ${title}`,
    ),
  );
  expect(page).toContain('.TP\n\\fB\\-d, \\-\\-depth <metres>\\fR\nhow deep, not well-known\n');
  expect(page).toContain('.EX\ntool dig \\(aqhere\\(aq  # a hole\n\\&.tool\n.EE\n');
  expect(page).not.toContain('nobody needs this');
  for (const [code, status] of Object.entries(EXIT)) expect(page).toContain(`\\fB${status}\\fR (${code})`);
  expect(lines.at(-2)).toBe('.BR systemd.unit (5)');
});

test('no text becomes a request, and what is typed is shown with the characters that are typed', () => {
  const page = manPage(TOOL, { version: '1.2.3', date: '2026-11-21' });
  expect(page).toContain(
    'Digs \\[u2013] see \\fBtool dig\\-in\\fR \\[u2013] without \\-d as deep as \\(dq\\(ti\\(dq is.',
  );
  expect(page).toContain('\n\\&.so a line of its own, it\\(aqs C:\\ex.\n');
  expect(page).toContain('\n\\&.where\n');
  expect(page).toMatch(/^[\n -~]*$/);
});

function option(term: string, description: string, flags: readonly string[]) {
  return { term, description, flags, value: undefined, choices: [] };
}
