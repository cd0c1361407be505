import { shellWord } from '../../model/text.ts';
import type { Step } from '../../plan/diff.ts';
import { commandsOf, effectsOf } from '../../plan/effect.ts';
import type { Accept } from '../../plan/resource.ts';
import { PARTS, type Part } from '../../plan/scripted.ts';

/** What a message calls a part of the work, and what a reader should know. */
const WORDS: Readonly<Record<Part, readonly [name: string, comment: string]>> = {
  nft: [
    'the nftables table',
    'The guard, and what keeps sources and sizes as they are: it is there before the first link.',
  ],
  accept: ['the rules in firewalls of others', "In front of somebody else's drops."],
  fallback: ['tunl0', 'While tunl0 is up and nobody uses it, the ipip packets of strangers come out of it.'],
  link: ['the links', 'The links to the other ends.'],
  address: ['the address', 'The address of this host in the island.'],
  neighbour: ['the neighbours', 'The MAC of each end: nobody asks by ARP.'],
  route: ['the routes', 'A routing table of its own; what it throws is looked up in table main.'],
  rule: [
    'the rules',
    'What stays outside, then the way into that table: until here the host routes as before.',
  ],
  fdb: ['the forwarding entries', 'Where the frames for each MAC are sent.'],
  sysctl: ['forwarding', 'Forwarding, link by link and not as a whole.'],
  resolver: [
    'the names in systemd-resolved',
    'Where systemd-resolved runs it asks the hub for the names of the island; to ask it would start it.',
  ],
  hosts: ['the names in /etc/hosts', 'The names of the island.'],
};

/** The function that runs the commands of the plan, part by part. */
export function makeLines(steps: readonly Step[]): string[] {
  const hasIpip = steps.some(({ resource }) => resource.kind === 'link' && resource.encapsulation === 'ipip');
  const parts = PARTS.flatMap((part) => {
    const own = steps.filter(({ resource }) => resource.kind === part);
    const lines = part === 'fallback' && hasIpip ? FALLBACK : linesOf(part, own);
    const [name, comment] = WORDS[part];
    return lines.length === 0 ? [] : ['', `  # ${comment}`, `  at='${name}'`, ...lines];
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

function linesOf(part: Part, steps: readonly Step[]): string[] {
  if (part === 'resolver') return steps.length === 0 ? [] : guarded('runs_resolved', steps);
  if (part === 'hosts' && steps.length > 0)
    return [...ENDED, ...commands(steps).map((command) => `  ${command}`)];
  if (part !== 'accept') return commands(steps).map((command) => `  ${command}`);
  const accepts = steps.filter((step): step is AcceptStep => step.resource.kind === 'accept');
  const presences = new Set(accepts.map(({ resource }) => presenceOf(resource)));
  return [...presences].flatMap((presence) =>
    guarded(
      presence,
      accepts.filter(({ resource }) => presenceOf(resource) === presence),
    ),
  );
}

function guarded(condition: string, steps: readonly Step[]): string[] {
  return [`  if ${condition}; then`, ...commands(steps).map((command) => `    ${command}`), '  fi'];
}

interface AcceptStep extends Step {
  readonly resource: Accept;
}

/** Else the first line would become a part of it. */
const ENDED = ['  if [ -n "$(tail -c 1 /etc/hosts)" ]; then echo >>/etc/hosts; fi'];

/** A firewall may come after the script, or be gone by then. */
function presenceOf({ tool, family, table, chain }: Accept): string {
  return tool === 'nft'
    ? `nft list chain ${family} ${table} ${shellWord(chain)} >/dev/null 2>&1`
    : `iptables-legacy-save -t filter | grep -q ${shellWord(`^:${chain} `)}`;
}

function commands(steps: readonly Step[]): string[] {
  return effectsOf(steps).flatMap(commandsOf);
}
