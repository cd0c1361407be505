import type { Host } from '../host/host.ts';
import type { Terms } from '../hub/register.ts';
import type { Island } from '../model/island.ts';

/** What the register goes by now. */
export function termsOf(host: Pick<Host, 'date' | 'random'>, island: Island): Terms {
  return { island, now: host.date(), random: host.random };
}
