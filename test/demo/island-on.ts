import { resolve } from 'node:path';
import type { LabHost } from '../support/lab/host.ts';

/** The bundle that was just built; the demo runs at the top of the repository. */
const ISLAND = resolve('dist/main.cjs');
const COMPLETION = resolve('bash-completion/island');

/** Below the host's own /run, which goes with it. */
const VISIT = '/run/visit';

/** Runs `island …` on a host, where it has to succeed, and returns what it said. */
export async function islandOn(host: LabHost, ...args: readonly string[]): Promise<string> {
  const text = await host.run([process.execPath, ISLAND, ...args]);
  return text.trimEnd();
}

/** Puts `island` and its completion on the PATH of a shell that enters the host. */
export async function prepareVisit(host: LabHost): Promise<void> {
  await host.writeFile(`${VISIT}/island`, `#!/bin/sh\nexec '${process.execPath}' '${ISLAND}' "$@"\n`, 0o755);
  const rc = [`PATH=${VISIT}:$PATH:/usr/sbin:/sbin`, `PS1='${host.name}# '`, `. '${COMPLETION}'`];
  await host.writeFile(`${VISIT}/rc`, `${rc.join('\n')}\n`);
}

/** What to type to get a shell on the host. */
export function visitLine({ pid }: LabHost): string {
  return `nsenter -t ${pid} -n -m -u -p bash --rcfile ${VISIT}/rc`;
}
