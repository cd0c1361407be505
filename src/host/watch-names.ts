import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { HOSTS_FILE } from '../model/hosts-file.ts';
import type { News, Watch } from './host.ts';
import { RESOLVED_FOLDER } from './resolved.ts';

/** The files of systemd-resolved are there a moment before it answers. */
const AGAIN_MS = 2000;

export interface WatchedPaths {
  readonly hostsFile?: string;
  /** Of systemd-resolved, which writes there when it starts and when anybody changes what it has of a link. */
  readonly folder?: string;
}

/**
 * Tells of changes to /etc/hosts, and that systemd-resolved has started or was told something. By inotify: nothing
 * runs for it, and it needs no bus. Where that is not to be had, the look every now and then finds it.
 */
export function watchNames(
  tell: (news: News) => void,
  { hostsFile = HOSTS_FILE, folder = RESOLVED_FOLDER }: WatchedPaths = {},
): Watch {
  const resolved = newEar();
  const onResolved = () => {
    tell({ kind: 'changed', what: 'systemd-resolved' });
    resolved.later(() => tell({ kind: 'changed', what: 'systemd-resolved' }));
  };
  const listen = () => resolved.listen(folder, onResolved);
  // A package that goes takes the folder with it, and the next one brings another.
  const parent = newEar();
  parent.listen(dirname(folder), (name) => {
    if (name !== basename(folder)) return;
    listen();
    onResolved();
  });
  listen();
  const hosts = newEar();
  hosts.listen(dirname(hostsFile), (name) => {
    if (name === basename(hostsFile)) tell({ kind: 'changed', what: hostsFile });
  });
  const ears = [resolved, parent, hosts];
  return {
    close: () => {
      for (const ear of ears) ear.close();
      return Promise.resolve();
    },
  };
}

/** Listens to one folder, once it is told which. */
function newEar() {
  let watcher: FSWatcher | undefined;
  let timer: NodeJS.Timeout | undefined;
  const close = () => {
    watcher?.close();
    watcher = undefined;
    clearTimeout(timer);
  };
  return {
    close,
    listen(folder: string, onName: (name: string) => void): void {
      close();
      try {
        watcher = watch(folder, (_, name) => onName(name ?? ''));
        watcher.on('error', close);
      } catch {
        // There is no such folder, or no more of these to be had.
      }
    },
    later(work: () => void): void {
      clearTimeout(timer);
      timer = setTimeout(work, AGAIN_MS);
    },
  };
}
