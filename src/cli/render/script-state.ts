import { shellWord } from '../../model/text.ts';
import type { Traits } from './script-traits.ts';

/** The functions that look what is there, by its marks. */
export function stateLines(traits: Traits): string[] {
  const { hasLinks, hasGuard, hasIpip, hasLegacyAccepts, sysctls, resolver, hasHostsLines } = traits;
  return [
    ...(hasLinks ? LINKS : []),
    ...(hasGuard ? ACCEPTS : []),
    ...(hasLegacyAccepts ? LEGACY_ACCEPTS : []),
    ...(hasIpip ? IDLE_TUNL0 : []),
    ...RULES,
    ...(resolver === undefined ? [] : RUNS_RESOLVED),
    ...(hasHostsLines ? hostsLines(traits.island) : []),
    '',
    '# All that has the marks; nothing where there is nothing of the island.',
    'present() {',
    ...(hasLinks ? PRESENT_LINKS : []),
    '  for table in $tables; do',
    '    echo "in $table"',
    '    ip route show table "$table" proto 110 2>/dev/null || :',
    `  done | awk '$1 == "in" { table = $2; next } { print "table " table ": " $0 }'`,
    '  rules',
    ...(hasGuard ? ['  nft -s list table inet "island-$island" 2>/dev/null || :', '  accepts'] : []),
    ...(hasLegacyAccepts ? ['  legacy_accepts'] : []),
    ...(hasHostsLines ? ['  hosts_lines'] : []),
    '}',
    '',
    'everything() {',
    '  present',
    ...(sysctls.length === 0 ? [] : [`  sysctl ${sysctls.map(shellWord).join(' ')} 2>&1 || :`]),
    ...(resolver === undefined ? [] : [`  if runs_resolved; then ${toldOf(shellWord(resolver))}; fi`]),
    '}',
    '',
    'is_started() {',
    '  [ -f "$record" ] && [ "$(everything)" = "$(cat "$record")" ]',
    '}',
  ];
}

/** What systemd-resolved was told of a link; a restart of it makes it forget. */
function toldOf(link: string): string {
  return `resolvectl dns ${link} || :; resolvectl domain ${link} || :`;
}

const RUNS_RESOLVED = ['', 'runs_resolved() { systemctl -q is-active systemd-resolved 2>/dev/null; }'];

function hostsLines(island: string): string[] {
  return [
    '',
    'hosts_lines() {',
    `  sed -n '/^# island:${island} begin$/,/^# island:${island} end$/p' /etc/hosts`,
    '}',
  ];
}

const LINKS = [
  '',
  'links() {',
  String.raw`  ip -o link show group "$group" | sed -n 's/^[0-9]*: \(isl-[^:@]*\)[:@].*/\1/p'`,
  '}',
];

const RULES = [
  '',
  'rules() {',
  '  ip rule show |',
  '    awk -v first="$first" -v last="$last" \'$1 + 0 >= first && $1 + 0 <= last && / proto 110 *$/\'',
  '}',
];

/** A rule is known by its comment, and deleted by its handle. */
const ACCEPTS = [
  '',
  '# The rules of the island in firewalls of others: family, table, chain, handle, and all of it.',
  'accepts() {',
  '  nft -s -a list ruleset 2>/dev/null | awk -v mark="comment \\"island:$island " \'',
  '    /^table / { table = $2 " " $3 }',
  String.raw`    /^\tchain / { chain = $2 }`,
  String.raw`    /^\t}/ { chain = "" }`,
  '    chain != "" && index($0, mark) && $(NF - 1) == "handle" { print table, chain, $NF, $0 }',
  "  '",
  '}',
];

const LEGACY_ACCEPTS = [
  '',
  '# Only where that table is loaded: asking for it would load it.',
  'legacy_accepts() {',
  '  if grep -qsx filter /proc/net/ip_tables_names; then',
  '    iptables-legacy-save -t filter | sed -n "/ --comment \\"island:$island /p"',
  '  fi',
  '}',
];

const IDLE_TUNL0 = [
  '',
  'is_idle_tunl0() {',
  '  [ -n "$(ip link show dev tunl0 up 2>/dev/null)" ] && [ -z "$(ip -o -4 address show dev tunl0)" ]',
  '}',
];

const PRESENT_LINKS = [
  '  for link in $(links); do',
  '    ip -o link show dev "$link"',
  '    ip -o -4 address show dev "$link"',
  '    ip neighbour show dev "$link" nud permanent',
  '    bridge fdb show dev "$link"',
  '  done',
];
