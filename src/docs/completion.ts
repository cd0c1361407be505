import { type ArgumentNode, type CommandNode, flatten, type OptionNode } from './tree.ts';

/** What "island complete" tells beside the islands; an argument or value is one of these. */
const ASKED: readonly string[] = ['hosts', 'workers', 'tokens'];

/** bash-completion/island: words for bash, with or without the package bash-completion. */
export function completionScript(program: CommandNode): string {
  const commands = flatten(program);
  return `# shellcheck shell=bash

_island() {
  local cur=\${COMP_WORDS[COMP_CWORD]} path=${program.name} value='' word index given=0
  local -a selection=()
  COMPREPLY=()

  # What stands in front of the cursor: the command, and the island that is meant. Bash splits "--island=x" at "=".
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    if [[ $word == '=' ]]; then continue; fi
    case $value in
      islands) selection+=(-i "$word") ;;
      config) selection+=(-c "\${word/#\\~\\//$HOME/}") ;;
    esac
    if [[ -n $value ]]; then
      value=''
      continue
    fi
    case "$path $word" in
${arm(commands.slice(1).map(quotedPath), 'path="$path $word"')}
${valueArms(commands)}
      *' -'*) ;;
      *) given=$((given + 1)) ;;
    esac
  done
  if [[ $cur == '=' ]]; then cur=''; fi

  case $value in
    '') _island_words "$path" ;;
    islands) _island_reply "$("$1" complete islands "\${selection[@]}" 2>/dev/null)" ;;
    ${ASKED.join(' | ')}) _island_ask "$value" ;;
    config | file) _island_files ;;
    =*) _island_reply "\${value#=}" ;;
  esac
}

# The words of a command: what is below it or its files, and its options.
_island_words() {
  case $1 in
${commands.map(wordsArm).join('\n')}
  esac
}

_island_reply() {
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_island_ask() {
  _island_reply "$("\${COMP_WORDS[0]}" complete "$1" "\${selection[@]}" 2>/dev/null)"
}

_island_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}

complete -F _island island
`;
}

function quotedPath({ path }: CommandNode): string {
  return `'${path}'`;
}

/** One arm of the inner \`case\`, a pattern a line. */
function arm(patterns: readonly string[], command: string): string {
  return `      ${patterns.join(' | \\\n        ')}) ${command} ;;`;
}

/** What the next word is, by the option in front of it. */
function valueArms(commands: readonly CommandNode[]): string {
  const patterns = new Map<string, string[]>();
  for (const { path, options } of commands) {
    for (const option of options.filter(({ value }) => value !== undefined)) {
      const kind = kindOf(option);
      const own = option.flags.map((flag) => `'${path} ${flag}'`).join(' | ');
      patterns.set(kind, [...(patterns.get(kind) ?? []), own]);
    }
  }
  return [...patterns].map(([kind, of]) => arm(of, `value=${kind}`)).join('\n');
}

/** A kind of value that the script knows, or its words behind \`=\`. */
function kindOf({ flags, value, choices }: OptionNode): string {
  if (choices.length > 0) return `'=${choices.join(' ')}'`;
  if (flags.includes('--island')) return 'islands';
  if (flags.includes('--config')) return 'config';
  if (value !== undefined && ASKED.includes(`${value}s`)) return `${value}s`;
  return value === 'file' ? 'file' : 'other';
}

function wordsArm({ path, commands, options, args }: CommandNode): string {
  const flags = options.flatMap((option) => option.flags.filter((flag) => flag.startsWith('--'))).join(' ');
  if (commands.length > 0) {
    const names = [...commands.map(({ name }) => name), 'help'].join(' ');
    return `    '${path}') if [[ $cur == -* ]]; then _island_reply '${flags}'; else _island_reply '${names}'; fi ;;`;
  }
  if (args.some(({ name }) => name === 'file')) {
    return `    '${path}') if [[ $cur == -* ]]; then _island_reply '${flags}'; else _island_files; fi ;;`;
  }
  const words = args.map(wordsOfArgument);
  if (words.every((each) => each === undefined)) return `    '${path}') _island_reply '${flags}' ;;`;
  const [first = ':', second] = words;
  const others = second === undefined ? '' : ` elif ((given > 0)); then ${second};`;
  return `    '${path}') if [[ $cur == -* ]]; then _island_reply '${flags}';${others} else ${first}; fi ;;`;
}

/** What completes it; undefined where nobody knows its words. */
function wordsOfArgument({ name, choices }: ArgumentNode): string | undefined {
  if (choices.length > 0) return `_island_reply '${choices.join(' ')}'`;
  const asked = name === 'name' ? 'hosts' : `${name}s`;
  return ASKED.includes(asked) ? `_island_ask ${asked}` : undefined;
}
