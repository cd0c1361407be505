import { readdir, readFile } from 'node:fs/promises';
import { ISLAND } from '../support/island.ts';
import type { LabHost } from '../support/lab/host.ts';

/** A program that a command of island has started. */
export interface Started {
  /** Its name and arguments, and what it was given to read where it was told to ("-"). */
  readonly text: string;
  readonly writes: boolean;
}

const FOLDER = '/run/bench';
const WRAPPERS = `${FOLDER}/bin`;
const LOG = `${FOLDER}/log`;

/** In place of every program of the PATH: writes down what it is, and becomes the program. */
const WRAPPER = `#!/bin/sh
name=\${0##*/}
PATH=\${PATH#*:}
input=
case " $* " in *' - '*) input=${LOG}/$$.input; cat >"$input" ;; esac
echo "$name $*" >"${LOG}/$$"
if [ -n "$input" ]; then exec "$name" "$@" <"$input"; fi
exec "$name" "$@"
`;

const WRAP_ALL = `
mkdir -p ${WRAPPERS} ${LOG}
cd ${WRAPPERS}
for program in $(ls /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin 2>/dev/null | grep -v '[:[]'); do
  ln -sf ${FOLDER}/wrapper "$program"
done`;

/** Puts the wrapper in front of every program that the host has. */
export async function wrapPrograms(host: LabHost): Promise<void> {
  await host.writeFile(`${FOLDER}/wrapper`, WRAPPER, 0o755);
  await host.run(['sh', '-c', WRAP_ALL]);
}

/** The programs that `island COMMAND` starts on the host: those that ran, not those that the code names. */
export async function programsOf(host: LabHost, command: string): Promise<Started[]> {
  await host.run(['sh', '-c', `rm -f ${LOG}/*`]);
  const path = await host.run(['sh', '-c', 'printf %s "$PATH"']);
  const argv = [process.execPath, ISLAND, command];
  const { code, stderr } = await host.exec(argv, { env: { PATH: `${WRAPPERS}:${path}` } });
  if (code !== 0) throw new Error(`${host.name}: island ${command}: exit ${code}\n${stderr}`);
  const folder = `/proc/${host.pid}/root${LOG}`;
  const names = await readdir(folder);
  return Promise.all(
    names
      .filter((name) => !name.endsWith('.input'))
      .map(async (name) => {
        const input = names.includes(`${name}.input`)
          ? await readFile(`${folder}/${name}.input`, 'utf8')
          : '';
        return startedFrom(await readFile(`${folder}/${name}`, 'utf8'), input);
      }),
  );
}

/** Verbs of ip, bridge and nft that change something, programs that do little else, and `nft -f`. */
const WRITES =
  /\b(?:add|append|change|create|delete|del|destroy|flush|insert|prepend|replace|reset|set|update)\b|^nft .*-f|^(?:sysctl|modprobe|sh|bash|tee|systemctl|iptables|firewall-cmd)\b/m;

function startedFrom(command: string, input: string): Started {
  const text = `${command}${input}`;
  return { text, writes: WRITES.test(text) };
}
