import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { MOVED } from '../plan/guard-workers.ts';
import { CONFIG_DIR } from './config-files.ts';
import { follow } from './exec.ts';
import type { News, Watch, WatchScope } from './host.ts';
import { IP_MONITOR, ipNews, NFT_MONITOR, nftNews } from './news.ts';
import { isInstalled } from './require.ts';

export interface WatchOptions {
  /** The PATH. */
  readonly path: string;
  /** Whether what this process has started ends with it anyway: systemd sees to that of a unit. */
  readonly isService: boolean;
  readonly tell: (news: News) => void;
}

/** Between the end of a monitor and the next one. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;
/** One that ran as long as this did not end for want of something that it needs to start. */
const LASTING_MS = 60_000;

/** Listens to the kernel with the monitors of ip and nft, each started again when it ends. */
export function watchKernel(scope: WatchScope, { path, isService, tell }: WatchOptions): Watch {
  const start = (argv: readonly [string, ...string[]], newsOf: (line: string) => string | undefined) => {
    const onLine = (line: string) => {
      const what = newsOf(line);
      if (what === MOVED) tell({ kind: 'moved', isGone: argv === IP_MONITOR });
      else if (what !== undefined) tell({ kind: 'changed', what });
    };
    return keepRunning(isService ? argv : tiedToUs(argv, path), { onLine, tell, tool: `${argv[0]} monitor` });
  };
  const monitors = [
    start(IP_MONITOR, (line) => ipNews(line, scope)),
    ...(isInstalled('nft', path) ? [start(NFT_MONITOR, (line) => nftNews(line, scope))] : []),
  ];
  const forget = watchFile(scope.config, tell);
  return {
    close: async () => {
      forget();
      await Promise.all(monitors.map(({ close }) => close()));
    },
  };
}

/**
 * The folder, since editors replace the file. Where there is none, or it goes away with all that it holds, the change
 * is found by the next look.
 */
function watchFile(config: string | undefined, tell: WatchOptions['tell']): () => void {
  const [folder, name] = config === undefined ? [CONFIG_DIR, undefined] : [dirname(config), basename(config)];
  try {
    const watcher = watch(folder, (_, file) => {
      if (name === undefined ? file?.endsWith('.yaml') : file === name)
        tell({ kind: 'changed', what: 'file' });
    });
    watcher.on('error', () => undefined);
    return () => watcher.close();
  } catch {
    return () => undefined;
  }
}

/**
 * A monitor whose reader is gone ends when it next has something to tell, which may be never. So the kernel ends
 * it with this process, also after kill -9 (PR_SET_PDEATHSIG); Node itself cannot ask for that.
 */
function tiedToUs(argv: readonly [string, ...string[]], path: string): readonly [string, ...string[]] {
  const [file = '', ...args] = argv;
  return isInstalled('setpriv', path)
    ? ['setpriv', '--pdeathsig', 'KILL', '--', file, ...args]
    : [file, ...args];
}

interface Running {
  readonly tool: string;
  readonly onLine: (line: string) => void;
  readonly tell: (news: News) => void;
}

function keepRunning(argv: readonly [string, ...string[]], { tool, onLine, tell }: Running): Watch {
  let closed = (): void => undefined;
  let isClosing = false;
  let pauseMs = FIRST_PAUSE_MS;
  let timer: NodeJS.Timeout | undefined;
  let end = start();

  function start(): () => void {
    timer = undefined;
    const started = performance.now();
    return follow(argv, {
      onLine,
      onEnd: (reason) => {
        if (isClosing) return closed();
        if (performance.now() - started > LASTING_MS) pauseMs = FIRST_PAUSE_MS;
        tell({ kind: 'missed', tool, reason });
        timer = setTimeout(() => {
          end = start();
          // What changed in between nobody has told.
          tell({ kind: 'changed', what: tool });
          tell({ kind: 'moved', isGone: true });
        }, pauseMs);
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      },
    });
  }

  return {
    close: () =>
      new Promise((resolve) => {
        isClosing = true;
        closed = resolve;
        if (timer === undefined) return end();
        clearTimeout(timer);
        resolve();
      }),
  };
}
