import { IslandError } from '../errors.ts';
import { isIpv4 } from '../model/ip.ts';
import { reverseName } from '../model/zone.ts';

/** A name and a type as a server is asked for them. */
export interface NameQuestion {
  /** Full, without its final dot. */
  readonly name: string;
  readonly type: string;
}

/** RFC 1035 section 2.3.4; in ASCII, and without what a zone file would have to escape. */
const LABEL = /^[!#-'*-:<-?A-[\]-~]{1,63}$/;
const MOST_CHARACTERS = 253;

/**
 * What `fit07`, `fit07.r2lab.internal`, `example.org.`, `@` (the zone) or `192.168.3.7` ask for: without a final dot
 * a name is one of the zone. An A, or of an address its name, unless a type is given.
 */
export function questionFor(zone: string, target: string, type: string | undefined): NameQuestion {
  const name = nameFor(zone, target);
  if (name.length <= MOST_CHARACTERS && name.split('.').every((label) => LABEL.test(label)))
    return { name, type: type ?? (isReverse(name) ? 'PTR' : 'A') };
  throw new IslandError('E_USAGE', `not a name: ${JSON.stringify(target)}`, {
    hint: `write one such as fit07, fit07.${zone}, or an address`,
  });
}

function nameFor(zone: string, target: string): string {
  const lower = target.toLowerCase();
  if (isIpv4(lower)) return reverseName(lower);
  if (lower === '@') return zone;
  if (lower.endsWith('.')) return lower.slice(0, -1);
  const isFull = lower === zone || lower.endsWith(`.${zone}`) || isReverse(lower);
  return isFull ? lower : `${lower}.${zone}`;
}

function isReverse(name: string): boolean {
  return name.endsWith('.in-addr.arpa');
}
