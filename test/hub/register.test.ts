import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hubWorkersOf } from '../../src/hub/leases.ts';
import { isHeld, type Lease, leaseOf, type Register } from '../../src/hub/register.ts';
import { parseRegister } from '../../src/hub/register-file.ts';
import { ADDRESSES, type Happening, happening, ISLAND, siteWith } from '../support/worker-site.ts';

interface Moment {
  readonly before: Register;
  readonly after: Register;
  readonly event: Happening;
  readonly told: Lease | undefined;
}

/** No address, name, MAC or range is that of two; every address is one of the pool. */
function holdsTogether({ after: { mac, leases } }: Moment): void {
  const held = leases.filter(isHeld);
  const macs = [mac, ...held.map(({ holder }) => holder.mac)];
  const inners = leases.map(({ inner }) => inner);
  const names = leases.map(({ name }) => name);
  const routes = held.flatMap(({ holder }) => holder.routes);
  for (const each of [macs, inners, names, routes]) expect(new Set(each).size).toBe(each.length);
  for (const inner of inners) expect(ADDRESSES).toContain(inner);
}

/** What happens to one name leaves all others as they are, but for one reservation that a full pool gives away. */
function leavesOthersAlone({ before, after, event }: Moment): boolean {
  const others = before.leases.filter(({ name }) => name !== event.name);
  const changed = others.filter(
    (lease) => JSON.stringify(leaseOf(after, lease.name)) !== JSON.stringify(lease),
  );
  const [given, ...more] = changed;
  expect(more).toEqual([]);
  if (given === undefined) return false;
  expect(leaseOf(after, given.name)).toBeUndefined();
  expect({ pinned: given.pinned, isHeld: isHeld(given) }).toEqual({ pinned: false, isHeld: false });
  expect(before.leases).toHaveLength(ADDRESSES.length);
  expect(leaseOf(before, event.name)).toBeUndefined();
  expect(leaseOf(after, event.name)?.inner).toBe(given.inner);
  const waiting = others.filter((lease) => !lease.pinned && !isHeld(lease)).map(({ sinceMs }) => sinceMs);
  expect(given.sinceMs).toBe(Math.min(...waiting));
  return true;
}

/** A name gets its address back: only a pin moves it, while nobody holds it, and only "forget" ends it. */
function keepsItsAddress({ before, after, event }: Moment): void {
  const [was, is] = [leaseOf(before, event.name), leaseOf(after, event.name)];
  if (was === undefined) return;
  if (is === undefined) expect(event.kind).toBe('forget');
  else if (is.inner !== was.inner) expect([event.kind, isHeld(was)]).toEqual(['pin', false]);
}

/** What was acknowledged is on the disk; what was not is there as a whole or not at all. */
function isAsTold({ before, after, event, told }: Moment): void {
  const is = leaseOf(after, event.name);
  if (told === undefined) {
    if (event.killed !== 'after') expect(after).toEqual(before);
    return;
  }
  if (event.kind === 'leave') expect(is).toMatchObject({ name: told.name, inner: told.inner });
  else if (event.kind === 'forget') expect(is).toBeUndefined();
  else expect(is).toEqual(told);
  if (event.kind === 'leave' && is !== undefined) expect(isHeld(is)).toBe(false);
}

/** What came about: of what never did, nothing was tested. */
function newsOf({ before, after, event, told }: Moment, isGiven: boolean): readonly string[] {
  const was = leaseOf(before, event.name)?.holder;
  const isFull = after.leases.filter(isHeld).length === ADDRESSES.length;
  const isReplaced = was !== undefined && told?.holder !== undefined && told.holder.mac !== was.mac;
  const isLate = told === undefined && text(after) !== text(before);
  const isRefused = told === undefined && event.killed === undefined && event.kind === 'join';
  const news = {
    given: isGiven,
    full: isFull,
    replaced: isReplaced,
    unacknowledged: isLate,
    refused: isRefused,
  };
  return Object.entries(news).flatMap(([what, is]) => (is ? [what] : []));
}

test('whatever joins, leaves, crashes and is imaged anew: an address has one name, a name one address, and what was acknowledged stays', async () => {
  const counts = new Map(['given', 'full', 'replaced', 'unacknowledged', 'refused'].map((what) => [what, 0]));
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { minLength: 30, maxLength: 90 }), async (events) => {
      const site = await siteWith();
      let before = await site.register();
      for (const event of events) {
        const told = await site.live(event);
        const moment = { before, after: await site.register(), event, told };
        holdsTogether(moment);
        keepsItsAddress(moment);
        isAsTold(moment);
        const isGiven = leavesOthersAlone(moment);
        for (const what of newsOf(moment, isGiven)) counts.set(what, (counts.get(what) ?? 0) + 1);
        const { workers } = hubWorkersOf(moment.after, { island: ISLAND });
        expect(workers).toHaveLength(moment.after.leases.filter(isHeld).length);
        before = moment.after;
      }
    }),
    { numRuns: 150 },
  );
  for (const [what, count] of counts) expect(count, what).toBeGreaterThan(20);
});

test('any text is a register, or is refused with its path and without a word of it', () => {
  const words = fc.constantFrom('mac', 'tokens', 'leases', 'SECRET', '__proto__', 'inner', 'name');
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.json(), fc.dictionary(words, fc.anything()).map(text)),
      (content) => {
        try {
          parseRegister(content, 'r2lab');
        } catch (error) {
          expect(error).toMatchObject({
            code: 'E_APPLY',
            message: expect.stringMatching(
              /^\/var\/lib\/island\/r2lab\/workers\.json: damaged: (?:not JSON|wrong at [\w. ]+); it was left as it is$/,
            ),
          });
          expect(error).not.toHaveProperty('cause');
        }
      },
    ),
  );
});

function text(value: unknown): string {
  return JSON.stringify(value) ?? '';
}
