import { isCalicos, leadsToCalico } from './accept.ts';
import { endSetting } from './end.ts';
import type { Finding, Site } from './finding.ts';
import { type Firewall, type FirewallChain, type FirewallRule, fateOf, type Packet } from './firewall.ts';
import { needsOf, trafficOf } from './need.ts';

/**
 * Calico drops ipip packets from hosts that it does not know when it makes ipip tunnels itself, and puts its
 * chains back in front of everything: an accept of ours would be a fight. So there is none, and it is said.
 */
export function calicosDrops({ island, place, observed, desired }: Site): Finding[] {
  if (place.role === 'member' || observed.firewalls.length === 0) return [];
  const end = endSetting({ island, observed }, place);
  const needs = needsOf(end, trafficOf(end, desired));
  return needs.flatMap(({ hook, purpose, packets }): Finding[] => {
    if (purpose !== 'ipip' && purpose !== 'vxlan') return [];
    const drops = observed.firewalls.flatMap((firewall) =>
      firewall.chains
        .filter((base) => base.hook === hook)
        .flatMap((base) => packets.flatMap((packet) => dropIn(base, firewall, packet))),
    );
    const [drop] = drops;
    if (drop === undefined) return [];
    const peers = end.remotes.filter(({ link }) => link === purpose).map(({ end: far }) => far.outer);
    return [findingOf(drop, purpose, peers)];
  });
}

interface Drop {
  readonly chain: string;
  /** Hosts of a list that island cannot read are let in before. */
  readonly unlessListed: boolean;
}

function dropIn(base: FirewallChain, firewall: Firewall, packet: Packet): Drop[] {
  const rules = isCalicos(firewall) ? base.rules : base.rules.filter(leadsToCalico);
  const { kind, chain } = fateOf(packet, { ...base, policy: 'accept', rules }, { chains: firewall.chains });
  if (kind !== 'drop') return [];
  const before = firewall.chains.find(({ name }) => name === chain)?.rules ?? [];
  return [{ chain, unlessListed: before.some((rule) => mayAccept(rule, packet)) }];
}

/** Calico's own tunnels are let in by protocol and a list of addresses. */
function mayAccept({ verdict, matches }: FirewallRule, { protocol }: Packet): boolean {
  return (
    verdict?.kind === 'accept' &&
    matches.some(({ field }) => field === 'unknown') &&
    matches.some(({ field, values }) => field === 'protocol' && values.includes(protocol ?? ''))
  );
}

function findingOf({ chain, unlessListed }: Drop, purpose: string, peers: readonly string[]): Finding {
  const [first = '', ...more] = peers;
  const who = more.length === 0 ? first : `${first} and ${more.length} more`;
  const packets = `${purpose} packets of ${who}`;
  return {
    weight: unlessListed ? 'note' : 'refuse',
    text: `${chain} of Calico drops the ${packets}${unlessListed ? ', unless Calico was told of them' : ''}: it stands in front of everything, so that no rule of the island's would help`,
    hint: `${purpose === 'ipip' ? 'write "link: vxlan" in the file, or name' : 'name'} the outer addresses of the peers in externalNodesList of Calico's FelixConfiguration`,
  };
}
