import { shellWord } from '../../model/text.ts';
import type { Step } from '../../plan/diff.ts';
import { commandsOf, effectsOf } from '../../plan/effect.ts';
import type { Accept, Resource } from '../../plan/resource.ts';

/** A part of the work: what a message calls it, and what a reader should know. */
interface Section {
  readonly kind: Resource['kind'];
  readonly name: string;
  readonly comment: string;
}

/** In the order in which the plan has them; there is a test for that. */
const SECTIONS: readonly Section[] = [
  {
    kind: 'nft',
    name: 'the nftables table',
    comment: 'The guard, and what keeps sources and sizes as they are: it is there before the first link.',
  },
  { kind: 'accept', name: 'the rules in firewalls of others', comment: "In front of somebody else's drops." },
  {
    kind: 'fallback',
    name: 'tunl0',
    comment: 'While tunl0 is up and nobody uses it, the ipip packets of strangers come out of it.',
  },
  { kind: 'link', name: 'the links', comment: 'The links to the other ends.' },
  { kind: 'address', name: 'the address', comment: 'The address of this host in the island.' },
  { kind: 'neighbour', name: 'the neighbours', comment: 'The MAC of each end: nobody asks by ARP.' },
  {
    kind: 'route',
    name: 'the routes',
    comment: 'A routing table of its own; what it throws is looked up in table main.',
  },
  {
    kind: 'rule',
    name: 'the rules',
    comment: 'What stays outside, then the way into that table: until here the host routes as before.',
  },
  { kind: 'fdb', name: 'the forwarding entries', comment: 'Where the frames for each MAC are sent.' },
  { kind: 'sysctl', name: 'forwarding', comment: 'Forwarding, link by link and not as a whole.' },
];

/** The function that runs the commands of the plan, part by part. */
export function makeLines(steps: readonly Step[]): string[] {
  const hasIpip = steps.some(({ resource }) => resource.kind === 'link' && resource.encapsulation === 'ipip');
  const parts = SECTIONS.flatMap((section) => {
    const own = steps.filter(({ resource }) => resource.kind === section.kind);
    const lines = section.kind === 'fallback' && hasIpip ? FALLBACK : linesOf(section.kind, own);
    return lines.length === 0 ? [] : ['', `  # ${section.comment}`, `  at='${section.name}'`, ...lines];
  });
  return [
    '',
    '# What "island plan" prints on a host that has nothing of the island.',
    'make() {',
    ...(parts.length === 0 ? ['  : # nothing is needed here'] : parts.slice(1)),
    '}',
  ];
}

/** Whether it is there, up and unused is for the script to see: the module may be loaded later. */
const FALLBACK = ['  if is_idle_tunl0; then ip link set dev tunl0 down; fi'];

function linesOf(kind: Resource['kind'], steps: readonly Step[]): string[] {
  if (kind !== 'accept') return commands(steps).map((command) => `  ${command}`);
  const accepts = steps.filter((step): step is AcceptStep => step.resource.kind === 'accept');
  const presences = new Set(accepts.map(({ resource }) => presenceOf(resource)));
  return [...presences].flatMap((presence) => [
    `  if ${presence}; then`,
    ...commands(accepts.filter(({ resource }) => presenceOf(resource) === presence)).map(
      (command) => `    ${command}`,
    ),
    '  fi',
  ]);
}

interface AcceptStep extends Step {
  readonly resource: Accept;
}

/** A firewall may come after the script, or be gone by then. */
function presenceOf({ tool, family, table, chain }: Accept): string {
  return tool === 'nft'
    ? `nft list chain ${family} ${table} ${shellWord(chain)} >/dev/null 2>&1`
    : `iptables-legacy-save -t filter | grep -q ${shellWord(`^:${chain} `)}`;
}

function commands(steps: readonly Step[]): string[] {
  return effectsOf(steps).flatMap(commandsOf);
}
