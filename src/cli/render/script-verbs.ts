import { remembers, type Traits } from './script-traits.ts';

/** What the operator can say, and what answers. */
export function verbLines(traits: Traits): string[] {
  return [...SAY, ...startLines(traits), ...STOP, ...STATUS, ...MAIN];
}

const SAY = [
  '',
  `say() { printf 'island-%s: %s\\n' "$island" "$*"; }`,
  'fail() {',
  '  say "$*" >&2',
  '  exit 1',
  '}',
  '',
  'refuse_joined() {',
  '  if [ -e "$joined" ]; then',
  '    fail "island has joined $island on this host and looks after it; \\"island leave -i $island\\" ends that"',
  '  fi',
  '}',
];

function startLines(traits: Traits): string[] {
  return [
    '',
    'start() {',
    '  refuse_joined',
    '  if is_started; then',
    '    say "started already"',
    '    return',
    '  fi',
    '  # What an older script made, or a run that was killed.',
    '  take_away',
    '  left=$(present)',
    '  [ -z "$left" ] || fail "start cannot take away what is here: $left"',
    '  at="what was before"',
    '  trap undo EXIT',
    "  trap 'exit 1' HUP INT TERM",
    ...(remembers(traits) ? ['  remember'] : []),
    '  make >/dev/null',
    '  at="the record"',
    '  mkdir -p "$records"',
    '  everything >"$record"',
    '  trap - EXIT HUP INT TERM',
    '  say "started"',
    '}',
    '',
    'undo() {',
    '  trap - EXIT',
    "  trap '' HUP INT TERM",
    '  take_away',
    '  left=$(present)',
    '  [ -z "$left" ] || fail "start failed at $at, and so did the undo; still here: $left"',
    '  fail "start failed at $at; everything that it did is undone"',
    '}',
  ];
}

const STOP = [
  '',
  'stop() {',
  '  refuse_joined',
  '  take_away',
  '  left=$(present)',
  '  [ -z "$left" ] || fail "still here: $left"',
  '  say "stopped"',
  '}',
];

const STATUS = [
  '',
  'status() {',
  '  if is_started; then',
  '    say "all is as it was started"',
  '  elif [ -z "$(present)" ]; then',
  '    fail "not started"',
  '  elif [ -f "$record" ]; then',
  '    everything | diff "$record" - || :',
  '    fail "not all is as it was started (<), but as it is now (>)"',
  '  else',
  '    fail "something of $island is here, and this script did not start it"',
  '  fi',
  '}',
];

const MAIN = [
  '',
  'case "$#:$*" in',
  '  1:start | 1:stop | 1:restart | 1:status) ;;',
  '  *)',
  '    echo "usage: $0 start | stop | restart | status" >&2',
  '    exit 64',
  '    ;;',
  'esac',
  '[ "$(id -u)" = 0 ] || fail "only root may do that"',
  'case "$1" in',
  '  restart)',
  '    stop',
  '    start',
  '    ;;',
  '  *) "$1" ;;',
  'esac',
];
