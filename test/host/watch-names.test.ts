import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { watchNames } from '../../src/host/watch-names.ts';

test('is told what is written to /etc/hosts and by systemd-resolved, also when that comes later or goes', async () => {
  const root = mkdtempSync(join(tmpdir(), `island-watch-${process.pid}-`));
  const paths = { hostsFile: join(root, 'etc/hosts'), folder: join(root, 'run/resolve') };
  for (const folder of ['etc', 'run']) mkdirSync(join(root, folder));
  const told: string[] = [];
  const watch = watchNames((news) => told.push(news.kind === 'changed' ? news.what : news.kind), paths);
  const heard = (what: string) =>
    vi.waitFor(() => expect(told.splice(0)).toContain(what), { timeout: 20_000, interval: 20 });
  try {
    writeFileSync(join(root, 'etc/passwd'), '');
    writeFileSync(paths.hostsFile, 'a');
    await heard(paths.hostsFile);
    for (const _ of ['first', 'again']) {
      mkdirSync(paths.folder);
      await heard('systemd-resolved');
      writeFileSync(join(paths.folder, 'resolv.conf'), '');
      await heard('systemd-resolved');
      // What is told a moment after that is told before the folder goes.
      await heard('systemd-resolved');
      rmSync(paths.folder, { recursive: true });
    }
    expect(told.filter((what) => what.endsWith('passwd'))).toEqual([]);
  } finally {
    await watch.close();
    rmSync(root, { recursive: true, force: true });
  }
});
