import { ISLAND } from './island.ts';
import type { LabHost } from './lab/host.ts';
import type { Outcome } from './lab/namespace.ts';

/** Where a host finds the programs that stand in for the real ones. */
const DIRECTORY = '/run/faults';

/** PATH with the stand-ins in front. */
export const FAULTY = {
  PATH: `${DIRECTORY}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
} as const;

export const TOOLS = ['nft', 'ip', 'bridge'] as const;
export type Tool = (typeof TOOLS)[number];

/** A line of a batch, counted from 0; what only reads is not counted. */
export interface LineFault {
  readonly tool: Tool;
  readonly lines: number;
  readonly act: 'fail' | 'kill island' | 'wait';
}

/** A start of any of the programs, counted from 0. */
export interface StartFault {
  readonly start: number;
  readonly when: 'before' | 'after';
  readonly act: 'fail' | 'kill island';
}

export type Fault = LineFault | StartFault;

/** What the kernel refuses, in the words of each tool. */
const REFUSED = {
  ip: 'link set dev gone up',
  bridge: 'fdb replace 02:00:00:00:00:01 dev gone dst 192.0.2.1 self permanent',
  nft: 'delete table inet gone',
} as const;

/** Runs island with the stand-ins in front of the real programs. */
export function faulty(host: LabHost, ...args: readonly string[]): Promise<Outcome> {
  return host.exec([process.execPath, ISLAND, ...args], { env: FAULTY, timeoutMs: 60_000 });
}

/** Puts stand-ins in front of the programs that do one thing wrong, once, and are the real ones before and after. */
export async function installFault(host: LabHost, fault: Fault): Promise<void> {
  await removeFaults(host);
  await host.run(['mkdir', '-p', DIRECTORY]);
  const script = 'start' in fault ? startScript(fault) : lineScript(fault);
  const tools = 'start' in fault ? TOOLS : [fault.tool];
  for (const tool of tools) await host.writeFile(`${DIRECTORY}/${tool}`, script, 0o755);
}

export async function removeFaults(host: LabHost): Promise<void> {
  await host.run(['rm', '-rf', DIRECTORY]);
}

/** Whether what was installed has done its harm: island need not come that far. */
export async function faultHappened(host: LabHost): Promise<boolean> {
  return (await host.exec(['test', '-e', `${DIRECTORY}/happened`])).code === 0;
}

/** Puts stand-ins in front of the programs that only note what they are told to do. */
export async function installRecorder(host: LabHost): Promise<void> {
  await removeFaults(host);
  await host.run(['mkdir', '-p', DIRECTORY]);
  for (const tool of TOOLS) await host.writeFile(`${DIRECTORY}/${tool}`, recorderScript(tool), 0o755);
}

/** The lines that were given to ip and bridge, as commands. */
export async function recorded(host: LabHost): Promise<readonly string[]> {
  return (await host.run(['sh', '-c', `cat ${DIRECTORY}/ran 2>/dev/null || :`])).split('\n').filter(Boolean);
}

function recorderScript(tool: Tool): string {
  const note = tool === 'nft' ? 'cat' : `tee all; sed 's/^/${tool} /' all >>ran`;
  return `#!/bin/sh
case "$*" in *-j*|list*) exec /usr/sbin/${tool} "$@" ;; esac
cd ${DIRECTORY}
{ ${note}; } | /usr/sbin/${tool} "$@"
`;
}

/**
 * Of the first batch that writes, the lines before this one reach the kernel. To fail, a line that the kernel
 * refuses stands in its way, so that the real program says so in its own words.
 */
function lineScript({ tool, lines, act }: LineFault): string {
  const reaction = {
    fail: `{ cat first; echo '${REFUSED[tool]}'; cat rest; } | $real "$@"; exit $?`,
    'kill island': '[ -s first ] && $real "$@" <first; kill -9 $PPID; exit 1',
    wait: '[ -s first ] && $real "$@" <first; touch waiting; while [ -e waiting ]; do sleep 0.02; done; exec $real "$@" <rest',
  }[act];
  return `#!/bin/sh
real=/usr/sbin/${tool}
case "$*" in *-j*|list*) exec $real "$@" ;; esac
cd ${DIRECTORY}
[ -e happened ] && exec $real "$@"
cat >all
head -n ${lines} all >first
tail -n +${lines + 1} all >rest
[ -s rest ] || exec $real "$@" <all
: >happened
${reaction}
`;
}

function startScript({ start, when, act }: StartFault): string {
  return `#!/bin/sh
real=/usr/sbin/\${0##*/}
cd ${DIRECTORY}
n=0
until (set -C; : >start.$n) 2>/dev/null; do n=$((n + 1)); done
[ $n -eq ${start} ] || exec $real "$@"
: >happened
${when === 'after' ? '$real "$@"' : ''}
${act === 'fail' ? 'echo "a stand-in fails" >&2' : 'kill -9 $PPID'}
exit 1
`;
}
