import type { LabHost } from '../lab/host.ts';

/** What must not be seen, by what it is. */
export type Secrets = Readonly<Record<string, string>>;

/** Each secret in every way of writing it. */
export function formsOf({
  macs,
  keys,
}: {
  readonly macs: readonly string[];
  readonly keys: readonly string[];
}): Secrets {
  const ofMacs = macs.flatMap((mac) => {
    const digits = mac.replaceAll(':', '').replace(/^0/, '');
    return [
      [`MAC ${mac}`, mac],
      [`MAC ${mac} as digits`, digits],
      [`MAC ${mac} as a number`, String(BigInt(`0x${digits}`))],
    ];
  });
  const ofKeys = keys.flatMap((key) => [
    [`key ${key}`, key],
    [`key ${key} as digits`, Buffer.from(key, 'base64url').toString('hex')],
  ]);
  return Object.fromEntries([...ofMacs, ...ofKeys]);
}

/** Which of the secrets are in the text. */
export function leaksIn(text: string, secrets: Secrets): string[] {
  const lower = text.toLowerCase();
  return Object.entries(secrets).flatMap(([what, form]) =>
    lower.includes(form.toLowerCase()) ? [what] : [],
  );
}

/** Somebody who looks at the arguments of all processes again and again. */
export interface Watch {
  /** All that was seen. */
  stop(): Promise<string>;
}

export function watchArguments(host: LabHost): Watch {
  const script = "while :; do cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '; echo; done";
  const looking = host.start(['sh', '-c', script]);
  return {
    async stop() {
      looking.signal('SIGKILL');
      await looking.exited;
      return looking.output();
    },
  };
}

/**
 * Puts stand-ins in front of the programs that are these, but where a file says so: with `fail-<tool>` they repeat
 * all that they are to do in their error, and with `cut-<tool>` what they print ends with what that file has.
 */
export async function standIns(host: LabHost): Promise<void> {
  for (const tool of ['nft', 'ip', 'bridge']) await host.writeFile(`/run/faults/${tool}`, STAND_IN, 0o755);
}

const STAND_IN = `#!/bin/sh
tool=\${0##*/}
real=/usr/sbin/$tool
case "$*" in
  *monitor*) exec $real "$@" ;;
  *-j*|list*)
    [ -e /run/faults/cut-$tool ] || exec $real "$@"
    half=$(cat /run/faults/cut-$tool)
    $real "$@" | sed "s/$half.*/$half/"
    exit 0 ;;
esac
[ -e /run/faults/fail-$tool ] || exec $real "$@"
tr '\\n' ' ' >&2
echo >&2
exit 1
`;
