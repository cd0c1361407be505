import { type Dump, dump } from './lab/dump.ts';
import type { LabHost } from './lab/host.ts';

/** What island could have changed on a host: the kernel, and its own files with what is in them. */
export interface State extends Dump {
  readonly files: readonly string[];
}

const FILES = `cd /
for path in $(find var/lib/island run/island -mindepth 1 2>/dev/null | sort); do
  echo "$path:"
  [ ! -f "$path" ] || cat "$path" || :
done`;

export async function stateOf(host: LabHost): Promise<State> {
  const [kernel, files] = await Promise.all([dump(host), host.run(['sh', '-c', FILES])]);
  return { ...kernel, files: files.split('\n') };
}
