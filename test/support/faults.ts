import type { LabHost } from './lab/host.ts';

/** Where a host finds the programs that stand in for the real ones. */
const DIRECTORY = '/run/faults';

/** PATH with the stand-ins in front. */
export const FAULTY = {
  PATH: `${DIRECTORY}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
} as const;

/**
 * Puts a program in front of `tool` on the host. What only reads goes to the real one. Of the first batch
 * that writes it lets `lines` lines through to the real one, then does `act`; later batches are the real
 * one's, so that an undo can work.
 */
export async function installFault(
  host: LabHost,
  tool: 'ip' | 'bridge' | 'nft',
  { lines, act }: { readonly lines: number; readonly act: 'fail' | 'kill island' | 'wait' },
): Promise<void> {
  const reaction = {
    fail: `echo "Command failed -:${lines + 1}" >&2; exit 1`,
    'kill island': 'kill -9 $PPID; exit 1',
    wait: 'touch waiting; while [ -e waiting ]; do sleep 0.02; done; exec $real "$@" <rest',
  }[act];
  await host.run(['mkdir', '-p', DIRECTORY]);
  await host.run(['rm', '-f', `${DIRECTORY}/done`, `${DIRECTORY}/waiting`]);
  await host.writeFile(
    `${DIRECTORY}/${tool}`,
    `#!/bin/sh
real=/usr/sbin/${tool}
case "$*" in *-j*list*|*show*|-N*) exec $real "$@" ;; esac
[ -e ${DIRECTORY}/done ] && exec $real "$@"
cd ${DIRECTORY}
touch done
cat >all
head -n ${lines} all >first
tail -n +${lines + 1} all >rest
[ -s first ] && { $real "$@" <first || exit 1; }
${reaction}
`,
    0o755,
  );
}

export async function removeFaults(host: LabHost): Promise<void> {
  await host.run(['rm', '-rf', DIRECTORY]);
}
