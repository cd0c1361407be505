import type { Firewall, FirewallChain, FirewallRule, Match, Verdict } from '../plan/firewall.ts';
import { chainsWith, type PlacedRule } from './firewall-chains.ts';

/** The table filter as `iptables-legacy-save` printed it. */
export function parseLegacy(saved: string): Firewall {
  const lines = saved.split('\n').map(wordsOf);
  const heads = lines.flatMap(([head = '', policy]): Omit<FirewallChain, 'rules'>[] => {
    const name = head.slice(1);
    return head.startsWith(':')
      ? [{ name, hook: HOOKS[name], policy: policy === 'DROP' ? 'drop' : 'accept' }]
      : [];
  });
  const rules = lines.flatMap(([option, chain = '', ...words]): PlacedRule[] =>
    option === '-A' ? [[chain, toRule(words)]] : [],
  );
  return {
    ...{ tool: 'iptables-legacy', family: 'ip', table: 'filter', access: 'open' },
    chains: chainsWith(heads, rules),
  };
}

const HOOKS: Readonly<Record<string, 'forward' | 'input'>> = { FORWARD: 'forward', INPUT: 'input' };

/** Words as a shell would part them. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}

const OPAQUE: Match = { field: 'unknown', values: [], negated: false };
const VERDICTS: Readonly<Record<string, Verdict>> = {
  ...{
    ACCEPT: { kind: 'accept' },
    DROP: { kind: 'drop' },
    REJECT: { kind: 'drop' },
    RETURN: { kind: 'return' },
  },
};
/** Targets that do not end a packet's way through the table. */
const IDLE_TARGETS = new Set([
  'LOG',
  'NFLOG',
  'MARK',
  'CONNMARK',
  'TCPMSS',
  'SET',
  'CLASSIFY',
  'CHECKSUM',
  'TRACE',
]);

/** Options with one value of which the packet knows the field. */
const FIELDS: Readonly<Record<string, Match['field']>> = {
  ...{ '-i': 'iifname', '-o': 'oifname', '-p': 'protocol', '--dport': 'dport', '--sport': 'sport' },
  ...{ '--src-group': 'iifgroup', '--dst-group': 'oifgroup', '--ctstate': 'state', '--state': 'state' },
};

function toRule(words: readonly string[]): FirewallRule {
  const matches: Match[] = [];
  let verdict: Verdict | undefined;
  let comment = '';
  let negated = false;
  for (let at = 0; at < words.length; at += 1) {
    const [word = '', value = ''] = words.slice(at);
    const field = FIELDS[word];
    if (word === '!') {
      negated = true;
      continue;
    }
    if (word === '-j' || word === '-g') {
      verdict = toVerdict(word, value);
      // What follows are the target's own options.
      break;
    }
    if (word === '--comment') comment = value.replace(/\\(.)/g, '$1');
    else if (field !== undefined) matches.push({ field, values: toValues(field, value), negated });
    else if (word !== '-m') matches.push(OPAQUE);
    negated = false;
    at += 1;
  }
  return { matches, verdict, comment };
}

function toVerdict(option: string, target: string): Verdict | undefined {
  if (IDLE_TARGETS.has(target)) return undefined;
  return VERDICTS[target] ?? { kind: option === '-g' ? 'goto' : 'jump', target };
}

/** In the words of nft. */
function toValues(field: Match['field'], value: string): string[] {
  switch (field) {
    case 'protocol':
      return [PROTOCOLS[value] ?? value];
    case 'state':
      return value.toLowerCase().split(',');
    case 'iifgroup':
    case 'oifgroup':
      return [value === 'default' ? '0' : String(Number(value))];
    case 'dport':
    case 'sport':
      return [value.replace(':', '-')];
    default:
      return [value.replace(/\+$/, '*')];
  }
}

const PROTOCOLS: Readonly<Record<string, string>> = {
  icmp: '1',
  ipencap: '4',
  ipv4: '4',
  tcp: '6',
  udp: '17',
};
