import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FirewallChain, type FirewallRule, fateOf, type Packet } from '../../src/plan/firewall.ts';
import { ACCEPT, chain, DROP, goto, jump, match, rule } from '../support/rulesets.ts';

function base(rules: readonly FirewallRule[], policy: 'accept' | 'drop' = 'accept'): FirewallChain {
  return { ...chain('base', rules), hook: 'forward', policy };
}

function fate(packet: Packet, first: FirewallChain, ...chains: FirewallChain[]): string {
  const { kind, chain: where } = fateOf(packet, first, { chains: [first, ...chains] });
  return `${kind} in ${where}`;
}

describe('a packet', () => {
  test('meets the policy where no rule decides', () => {
    expect(fate({}, base([]))).toBe('accept in base');
    expect(fate({}, base([rule(undefined)], 'drop'))).toBe('drop in base');
  });

  test('is decided by the first rule of which all conditions hold', () => {
    const rules = [
      rule(DROP, match('iifname', 'isl-a'), match('protocol', '6')),
      rule(ACCEPT, match('iifname', 'isl-*')),
      rule(DROP),
    ];
    expect(fate({ iifname: 'isl-a', protocol: '4' }, base(rules))).toBe('accept in base');
    expect(fate({ iifname: 'isl-a', protocol: '6' }, base(rules))).toBe('drop in base');
    expect(fate({ iifname: 'eth0' }, base(rules))).toBe('drop in base');
  });

  test('is within a range of ports, and outside of what is negated', () => {
    const rules = [
      rule(DROP, match('dport', '10000-10400')),
      rule(DROP, { ...match('iifname', 'eth0', 'eth1'), negated: true }),
    ];
    expect(fate({ dport: '10310', iifname: 'eth0' }, base(rules))).toBe('drop in base');
    expect(fate({ dport: '9', iifname: 'eth1' }, base(rules))).toBe('accept in base');
    expect(fate({ dport: '9', iifname: 'eth2' }, base(rules))).toBe('drop in base');
  });

  test('comes back from a jump, and not from a goto', () => {
    const side = chain('side', [rule({ kind: 'return' }), rule(DROP)]);
    expect(fate({}, base([rule(jump('side')), rule(DROP)]), side)).toBe('drop in base');
    expect(fate({}, base([rule(goto('side')), rule(DROP)]), side)).toBe('accept in base');
    expect(fate({}, base([rule(goto('nowhere')), rule(DROP)]))).toBe('drop in base');
  });

  test('is dropped where the drop is, however deep', () => {
    const chains = [chain('a', [rule(jump('b'))]), chain('b', [rule(DROP, match('oifname', 'isl-*'))])];
    expect(fate({ oifname: 'isl-x' }, base([rule(jump('a')), rule(ACCEPT)]), ...chains)).toBe('drop in b');
  });

  test('is no concern of a rule that asks for what is not understood or not known, negated or not', () => {
    for (const negated of [true, false]) {
      for (const field of ['unknown', 'dport'] as const) {
        const odd = rule(DROP, { ...match(field, '7'), negated });
        expect(fate({ iifname: 'eth0' }, base([odd]))).toBe('accept in base');
      }
    }
  });

  test('has some fate in any ruleset, also in one with circles', () => {
    const name = fc.constantFrom('base', 'a', 'b', 'c');
    const verdict = fc.oneof(
      fc.constantFrom(ACCEPT, DROP, { kind: 'return' } as const, undefined),
      name.map(jump),
      name.map(goto),
    );
    const rules = fc.array(
      verdict.map((each) => rule(each)),
      { maxLength: 2 },
    );
    fc.assert(
      fc.property(rules, rules, rules, rules, (first, a, b, c) => {
        const chains = [base(first), chain('a', a), chain('b', b), chain('c', c)];
        expect(['accept', 'drop']).toContain(fateOf({}, base(first), { chains }).kind);
      }),
    );
  });
});
