import type { Field, FirewallRule, Match, Verdict } from '../plan/firewall.ts';

/** A rule as nft lists it. */
export interface RawRule {
  readonly handle: number;
  readonly comment?: string | undefined;
  readonly expr?: readonly unknown[] | undefined;
}

/** One rule, or one for each element of a verdict map. */
export function toRules({ handle, comment = '', expr = [] }: RawRule, isLast: boolean): FirewallRule[] {
  const statements = expr.map((each, index) =>
    toStatement(each, { isBehindCounter: isBehindCounter(expr, index), isLast }),
  );
  const matches = statements.flatMap(({ match = [] }) => match);
  const verdicts = statements.flatMap(({ verdicts: some = [] }) => some);
  const common = { comment, handle };
  if (verdicts.length === 0) return [{ ...common, matches, verdict: undefined }];
  return verdicts.map(({ match, verdict }) => ({ ...common, matches: [...matches, ...match], verdict }));
}

interface Statement {
  readonly match?: readonly Match[];
  readonly verdicts?: readonly { readonly match: readonly Match[]; readonly verdict: Verdict }[];
}

const OPAQUE: Match = { field: 'unknown', values: [], negated: false };
const DROP: Statement = { verdicts: [{ match: [], verdict: { kind: 'drop' } }] };

/** Statements that neither choose packets nor decide about them. */
const IDLE = new Set(['counter', 'log', 'mangle', 'notrack', 'set', 'map', 'flow', 'comment']);

/** Where in its rule and chain a statement stands. */
interface Standing {
  readonly isBehindCounter: boolean;
  readonly isLast: boolean;
}

function toStatement(expression: unknown, standing: Standing): Statement {
  const [key = '', value] = entryOf(expression);
  const verdict = toVerdict(expression);
  if (verdict !== undefined) return { verdicts: [{ match: [], verdict }] };
  switch (key) {
    case 'match':
      return { match: toMatch(value) };
    case 'reject':
      return DROP;
    case 'vmap':
      return { verdicts: toVerdicts(value) };
    case 'xt':
      return toExtension(value, standing);
    default:
      return IDLE.has(key) ? {} : { match: [OPAQUE] };
  }
}

/**
 * An extension of iptables, of which nft tells the name at most; before 1.0.6 not even that. iptables puts
 * its counter between what a rule asks for and what it does; a nameless thing done by the last rule of a
 * chain is nearly always REJECT, and one before it a mark or a line in the log.
 */
function toExtension(value: unknown, { isBehindCounter: behind, isLast }: Standing): Statement {
  const { type = behind ? 'target' : 'match', name = isLast ? 'REJECT' : undefined } = recordOf(value);
  if (type === 'target') return name === 'REJECT' ? DROP : {};
  return name === 'comment' ? {} : { match: [OPAQUE] };
}

function isBehindCounter(expr: readonly unknown[], index: number): boolean {
  return expr.slice(0, index).some((each) => 'counter' in recordOf(each));
}

function toVerdict(expression: unknown): Verdict | undefined {
  const [kind, value] = entryOf(expression);
  if (kind === 'accept' || kind === 'drop' || kind === 'return') return { kind };
  const { target } = recordOf(value);
  if ((kind !== 'jump' && kind !== 'goto') || typeof target !== 'string') return undefined;
  return { kind, target };
}

function toVerdicts(vmap: unknown): NonNullable<Statement['verdicts']> {
  const { key, data } = recordOf(vmap);
  const { set } = recordOf(data);
  if (!Array.isArray(set)) return [];
  return set.flatMap((element: unknown) => {
    const [value, decision] = Array.isArray(element) ? element : [];
    const verdict = toVerdict(decision);
    return verdict === undefined ? [] : [{ match: toMatch({ op: '==', left: key, right: value }), verdict }];
  });
}

function toMatch(value: unknown): Match[] {
  const { op, left, right } = recordOf(value);
  const asked = fieldOf(left);
  const values = asked === undefined ? undefined : valuesOf(right);
  const known = op === '==' || op === '!=' || op === 'in';
  const implied = impliedBy(left);
  if (asked === undefined || values === undefined || !known) return [...implied, OPAQUE];
  return [...implied, { field: asked, values, negated: op === '!=' }];
}

/** What has ports: of `th` nft knows no more. */
const PORTED = new Set(['udp', 'tcp', 'th']);

const META_FIELDS: Readonly<Record<string, Field>> = {
  ...{ iifname: 'iifname', iif: 'iifname', oifname: 'oifname', oif: 'oifname' },
  ...{ iifgroup: 'iifgroup', oifgroup: 'oifgroup', l4proto: 'protocol', nfproto: 'nfproto' },
};

function fieldOf(left: unknown): Field | undefined {
  const { meta, payload, ct } = recordOf(left);
  if (recordOf(ct)['key'] === 'state') return 'state';
  const { protocol, field } = recordOf(payload);
  if (protocol === 'ip' && field === 'protocol') return 'protocol';
  if (PORTED.has(String(protocol)) && (field === 'dport' || field === 'sport')) return field;
  return META_FIELDS[String(recordOf(meta)['key'])];
}

/** Protocols by their number; nft leaves out of a rule what another part of it implies. */
const PROTOCOLS: Readonly<Record<string, string>> = { icmp: '1', tcp: '6', udp: '17', gre: '47', esp: '50' };

function impliedBy(left: unknown): Match[] {
  const protocol = String(recordOf(recordOf(left)['payload'])['protocol']);
  if (protocol === 'ip6' || protocol === 'icmpv6') {
    return [{ field: 'nfproto', values: ['ipv6'], negated: false }];
  }
  const value = PROTOCOLS[protocol];
  return value === undefined ? [] : [{ field: 'protocol', values: [value], negated: false }];
}

/** None for a named set, of which the elements are not read. */
function valuesOf(right: unknown): string[] | undefined {
  if (typeof right === 'string' && right.startsWith('@')) return undefined;
  if (typeof right === 'string' || typeof right === 'number') return [String(right)];
  const { set, range } = recordOf(right);
  if (Array.isArray(range))
    return range.every((end) => typeof end === 'number') ? [range.join('-')] : undefined;
  const list = Array.isArray(right) ? right : set;
  if (!Array.isArray(list)) return undefined;
  const values = list.map(valuesOf);
  return values.every((value) => value !== undefined) ? values.flat() : undefined;
}

/** The one key of a statement and what it holds. */
function entryOf(statement: unknown): [string, unknown] | [] {
  return Object.entries(recordOf(statement))[0] ?? [];
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
