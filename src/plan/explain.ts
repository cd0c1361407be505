import { HOSTS_FILE } from '../model/hosts-file.ts';
import { withoutSecrets } from '../model/secret.ts';
import { printable } from '../model/text.ts';
import type { Step } from './diff.ts';
import type { Resolver } from './name-resource.ts';
import type { Link, NftTable, Resource } from './resource.ts';
import { comparableParts } from './ruleset-parts.ts';
import { placeOf, selectorOf } from './words.ts';

/** What a step is about, in words for `status`: "link isl-fara-3k9x2q (ipip to 138.96.16.97) is missing". */
export function explain(step: Step): string {
  // Somebody else may have written what is there now, such as the alias of a link.
  return printable(withoutSecrets(sentence(step)));
}

function sentence({ action, resource, current }: Step): string {
  const what = describe(resource);
  switch (action) {
    case 'add':
      return `${what} is missing`;
    case 'remove':
      return `${what} does not belong here`;
    case 'recreate':
      return `${what} has to be made anew: ${difference(resource, current)}`;
    case 'change':
      return `${what}: ${difference(resource, current)}`;
  }
}

/** One resource in words. */
export function describe(resource: Resource): string {
  switch (resource.kind) {
    case 'link':
      return `link ${resource.name} (${linkEnds(resource)})`;
    case 'address':
      return `address ${resource.address} on ${resource.link}`;
    case 'neighbour':
      return `neighbour ${resource.address} on ${resource.link}`;
    case 'timers':
      return `timers of the neighbours on ${resource.link}`;
    case 'fdb':
      return `forwarding entry of ${resource.mac} on ${resource.link}`;
    case 'route':
      return `route ${resource.type === 'unicast' ? '' : `${resource.type} `}${resource.destination} in table ${resource.table}`;
    case 'rule':
      return `rule ${resource.priority} (${selectorOf(resource)} lookup ${resource.table})`;
    case 'nft':
      return `nft table ${resource.name}`;
    case 'accept':
      return `accept of ${resource.words} in ${placeOf(resource)}`;
    case 'sysctl':
      return `sysctl ${resource.key}`;
    case 'fallback':
      return `link ${resource.link}`;
    case 'resolver':
      return `DNS of ${resource.link} (${askedBy(resource)})`;
    case 'hosts':
      return `block of ${resource.island} in ${HOSTS_FILE}`;
  }
}

function linkEnds(link: Link): string {
  return link.encapsulation === 'ipip' ? `ipip to ${link.remote}` : `vxlan ${link.id}, port ${link.port}`;
}

function difference(wanted: Resource, current: Resource | undefined): string {
  if (wanted.kind === 'nft' && current?.kind === 'nft') return nftDifference(wanted, current);
  if (wanted.kind === 'accept') return 'a drop stands in front of it';
  if (wanted.kind === 'link' && current?.kind === 'link' && !current.up) return 'is down';
  if (wanted.kind === 'fallback')
    return `is ${wanted.up ? 'down' : 'up, and takes the ipip packets of strangers'}`;
  if (wanted.kind === 'resolver' && current?.kind === 'resolver') return resolverDifference(wanted, current);
  if (wanted.kind === 'hosts' && current?.kind === 'hosts')
    return listDifference(wanted.lines, current.lines, '"');
  const before: Readonly<Record<string, unknown>> = { ...current };
  const after: Readonly<Record<string, unknown>> = { ...wanted };
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return fields
    .filter((field) => before[field] !== after[field])
    .map(
      (field) =>
        `${field} is ${String(before[field] ?? 'unset')} instead of ${String(after[field] ?? 'unset')}`,
    )
    .join(', ');
}

/** As in `10.3.1.2 for ~r2lab.internal and 4 more`: of the reverse zones there are many. */
function askedBy({ servers, domains: [first, ...more], defaultRoute }: Resolver): string {
  const what = [
    ...(first === undefined ? [] : [first]),
    ...(more.length === 0 ? [] : [`and ${more.length} more`]),
    ...(defaultRoute ? ['everything'] : []),
  ];
  return `${servers.join(' ') || 'nobody'} for ${what.join(' ') || 'nothing'}`;
}

function resolverDifference(wanted: Resolver, current: Resolver): string {
  const isOther =
    wanted.defaultRoute !== current.defaultRoute || wanted.servers.join() !== current.servers.join();
  return isOther ? `is ${askedBy(current)}` : listDifference(wanted.domains, current.domains, '');
}

function listDifference(wanted: readonly string[], current: readonly string[], quote: '"' | ''): string {
  const [after, before] = [new Set(wanted), new Set(current)];
  const said = (verb: string) => (line: string) => `${verb} ${quote}${line}${quote}`;
  const lacking = wanted.filter((line) => !before.has(line));
  const strange = current.filter((line) => !after.has(line));
  const [first] = [...lacking.map(said('lacks')), ...strange.map(said('has'))];
  const more = lacking.length + strange.length - 1;
  return `${first ?? 'is in another order'}${more > 0 ? `, and ${more} more differ${more === 1 ? 's' : ''}` : ''}`;
}

function nftDifference(wanted: NftTable, current: NftTable): string {
  const [after, before] = [comparableParts(wanted), comparableParts(current)];
  const parts = [...new Set([...after.keys(), ...before.keys()])]
    .filter((part) => after.get(part) !== before.get(part))
    .map((part) => part.slice(part.indexOf(' ') + 1));
  return parts.length === 0 ? 'differs' : `${parts.join(', ')} differ${parts.length === 1 ? 's' : ''}`;
}
