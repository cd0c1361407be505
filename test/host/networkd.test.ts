import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readNetworkd } from '../../src/host/networkd.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'island-networkd-'));
  write('run/systemd/netif/state', '');
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

const BOTH = ['ManageForeignRoutes', 'ManageForeignRoutingPolicyRules'];

test('networkd is nothing to tell of where it has not run', () => {
  rmSync(join(root, 'run'), { recursive: true });
  expect(readNetworkd(root)).toBeUndefined();
});

test('networkd takes routes and rules of others unless it is told not to', () => {
  expect(readNetworkd(root)).toEqual({ takes: BOTH });
  write(
    'etc/systemd/networkd.conf',
    '[Network]\n#ManageForeignRoutes=no\n ManageForeignRoutingPolicyRules = off\n',
  );
  expect(readNetworkd(root)).toEqual({ takes: ['ManageForeignRoutes'] });
});

test('the last word counts: pieces after the main file, by their names, those of /etc in place of others', () => {
  write('etc/systemd/networkd.conf', 'ManageForeignRoutes=no\nManageForeignRoutingPolicyRules=no\n');
  expect(readNetworkd(root)).toEqual({ takes: [] });
  write('usr/lib/systemd/networkd.conf.d/50.conf', 'ManageForeignRoutes=yes\n');
  expect(readNetworkd(root)).toEqual({ takes: ['ManageForeignRoutes'] });
  write('etc/systemd/networkd.conf.d/60.conf', 'ManageForeignRoutes=false\n');
  expect(readNetworkd(root)).toEqual({ takes: [] });
  write('usr/lib/systemd/networkd.conf.d/70.conf', 'ManageForeignRoutes=true\n');
  write('etc/systemd/networkd.conf.d/70.conf', '');
  expect(readNetworkd(root)).toEqual({ takes: [] });
});

test('of several main files only the foremost is read', () => {
  write('etc/systemd/networkd.conf', '');
  write('usr/lib/systemd/networkd.conf', 'ManageForeignRoutes=no\n');
  expect(readNetworkd(root)).toEqual({ takes: BOTH });
});
