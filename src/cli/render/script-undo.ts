import { shellWord } from '../../model/text.ts';
import { remembers, type Traits } from './script-traits.ts';

/** The functions that remember what was before, and go back to it. */
export function undoLines(traits: Traits): string[] {
  const { hasLinks, hasGuard, hasLegacyAccepts, hasHostsLines } = traits;
  return [
    ...(remembers(traits) ? [...rememberLines(traits), ...putBackLines(traits)] : []),
    '',
    '# Takes away all that has the marks, inside out, whole or not. What cannot be is still present afterwards.',
    'take_away() {',
    '  set +e',
    ...(hasHostsLines ? takeAwayHostsLines(traits.island) : []),
    `  for priority in $(rules | sed 's/:.*//'); do`,
    '    ip rule delete pref "$priority" protocol 110',
    '  done',
    '  for table in $tables; do ip route flush table "$table" proto 110 2>/dev/null; done',
    ...(hasLinks ? ['  for link in $(links); do ip link delete dev "$link"; done'] : []),
    ...(remembers(traits) ? ['  put_back'] : []),
    ...(hasGuard ? TAKE_AWAY_ACCEPTS : []),
    ...(hasLegacyAccepts ? TAKE_AWAY_LEGACY_ACCEPTS : []),
    ...(hasGuard ? ['  nft delete table inet "island-$island" 2>/dev/null'] : []),
    '  rm -f "$record"',
    '  rmdir "$records" 2>/dev/null',
    '  set -e',
    '}',
  ];
}

/** In the very form in which island writes it (app/record.ts), so that each reads what the other wrote. */
function rememberLines({ hostSysctls, hasIpip }: Traits): string[] {
  return [
    ...(hostSysctls.length === 0 ? [] : EARLIER),
    '',
    '# Notes what stop has to put back, before anything is changed.',
    'remember() {',
    '  mkdir -p "$memory"',
    '  {',
    `    printf '{\\n  "forwardingOfAll": "%s",\\n  "earlier": {' "$(sysctl -n net.ipv4.conf.all.forwarding)"`,
    ...(hostSysctls.length === 0 ? [] : ['    comma=']),
    ...hostSysctls.map((key) => `    earlier ${shellWord(key)}`),
    "    printf '\\n  }'",
    ...(hasIpip ? [`    if is_idle_tunl0; then printf ',\\n  "fallbackWasUp": true'; fi`] : []),
    "    printf '\\n}\\n'",
    '  } >"$before"',
    '}',
  ];
}

const EARLIER = [
  '',
  '# One line of it; where forwarding is on already there is nothing to put back.',
  'earlier() {',
  '  value=$(sysctl -n "$1")',
  '  [ "$value" != 1 ] || return 0',
  `  printf '%s\\n    "%s": "%s"' "$comma" "$1" "$value"`,
  '  comma=,',
  '}',
];

function putBackLines({ hasIpip }: Traits): string[] {
  return [
    '',
    '# Not where forwarding was switched as a whole in between: Docker and Kubernetes do that, and rely on it.',
    'put_back() {',
    '  [ -f "$before" ] || return 0',
    String.raw`  all=$(sed -n 's/^  "forwardingOfAll": "\([0-9]*\)".*/\1/p' "$before")`,
    '  if [ "$(sysctl -n net.ipv4.conf.all.forwarding)" = "$all" ]; then',
    String.raw`    sed -n 's/^    "\(net\.ipv4\.conf\.[^"]*\.forwarding\)": "\([0-9]*\)".*/\1 \2/p' "$before" |`,
    '      while read -r key value; do',
    '        if [ "$(sysctl -n "$key" 2>/dev/null)" = 1 ]; then sysctl -q -w "$key=$value"; fi',
    '      done',
    '  fi',
    ...(hasIpip ? [`  if grep -q '"fallbackWasUp": true' "$before"; then ip link set dev tunl0 up; fi`] : []),
    '  rm -f "$before"',
    '  rmdir "$memory" 2>/dev/null || :',
    '}',
  ];
}

/** Only where both ends are there, once each: else nobody can tell whose the lines are. */
function takeAwayHostsLines(island: string): string[] {
  return [
    String.raw`  ends=$(sed -n 's/^# island:${island} \([a-z]*\)$/\1/p' /etc/hosts | tr '\n' ' ')`,
    `  if [ "$ends" = 'begin end ' ]; then`,
    `    sed -i '/^# island:${island} begin$/,/^# island:${island} end$/d' /etc/hosts`,
    '  fi',
  ];
}

const TAKE_AWAY_ACCEPTS = [
  '  accepts | while read -r family table chain handle _; do',
  '    nft delete rule "$family" "$table" "$chain" handle "$handle"',
  '  done',
];

const TAKE_AWAY_LEGACY_ACCEPTS = [
  "  rules=$(legacy_accepts | sed 's/^-A/-D/')",
  '  if [ -n "$rules" ]; then',
  String.raw`    printf '*filter\n%s\nCOMMIT\n' "$rules" | iptables-legacy-restore --noflush`,
  '  fi',
];
