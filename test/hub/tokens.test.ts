import { describe, expect, test } from 'vitest';
import {
  createToken,
  formatToken,
  keyOfIdentity,
  revokeToken,
  spendToken,
  tokenRefusal,
} from '../../src/hub/tokens.ts';
import { tokenViews } from '../../src/hub/views.ts';
import { DAY, deskOf, HOUR, START } from '../support/register.ts';

describe('a token', () => {
  test('is eight letters that are no secret and a key of 32 bytes', () => {
    const desk = deskOf();
    const token = desk.take(createToken(desk.register, { ttlMs: DAY, uses: 1 }, desk.terms));
    expect(formatToken(token)).toMatch(/^[a-z2-7]{8}\.[A-Za-z0-9_-]{43}$/);
    expect(token).toMatchObject({ createdMs: START, expiresMs: START + DAY, usesLeft: 1 });
    expect(keyOfIdentity(desk.register, `token:${token.id}`)).toEqual(Buffer.from(token.key, 'base64url'));
    expect(Buffer.from(token.key, 'base64url')).toHaveLength(32);
  });

  test('has an id and a key of its own', () => {
    const desk = deskOf();
    const tokens = Array.from({ length: 500 }, () =>
      desk.take(createToken(desk.register, { ttlMs: DAY }, desk.terms)),
    );
    expect(new Set(tokens.map(({ id }) => id)).size).toBe(500);
    expect(new Set(tokens.map(({ key }) => key)).size).toBe(500);
  });

  test('is made again when its id is taken', () => {
    const desk = deskOf();
    const bytes = [1, 1, 2, 3].values();
    const random = (length: number) => new Uint8Array(length).fill(bytes.next().value ?? 9);
    const terms = { ...desk.terms, random };
    const { id } = desk.take(createToken(desk.register, { ttlMs: DAY }, terms));
    const next = [1, 2].values();
    const again = {
      ...terms,
      random: (length: number) => new Uint8Array(length).fill(next.next().value ?? 9),
    };
    expect(id).toBe('bbbbbbbb');
    expect(desk.take(createToken(desk.register, { ttlMs: DAY }, again)).id).toBe('cccccccc');
  });

  test.each([
    ['sopnode-l1', 'name sopnode-l1 is already that of the hub'],
    ['faraday', 'name faraday is already that of a peer'],
    ['fit02', 'name fit02 is already that of a host in the file'],
    ['faraday-tunnel', 'name faraday-tunnel is already that of the tunnel of faraday'],
    ['Fit09', 'not a host name: "Fit09"'],
  ])('is not made for %s, which no worker can be called', (name, message) => {
    const { register, terms } = deskOf();
    expect(createToken(register, { ttlMs: DAY, name }, terms)).toMatchObject({
      ...{ kind: 'refused', code: 'E_USAGE', message },
    });
  });

  test('lets in as often as it says, and says so', () => {
    const desk = deskOf();
    const identity = desk.token({ uses: 2 });
    desk.join({ identity, name: 'w1' });
    expect(tokenViews(desk.register, START)).toMatchObject([{ usesLeft: 1, state: 'valid' }]);
    desk.join({ identity, name: 'w2' });
    expect(tokenViews(desk.register, START)).toMatchObject([{ usesLeft: 0, state: 'used up' }]);
    expect(desk.ask({ identity, name: 'w3' })).toMatchObject({
      ...{ kind: 'refused', code: 'E_PERMISSION' },
      message: `token ${identity.slice(6)} is used up`,
      hint: 'run "island token create" on the hub for a new one',
    });
  });

  test('without a number of uses lets in any number', () => {
    const desk = deskOf();
    const identity = desk.token();
    for (const name of ['w1', 'w2', 'w3', 'w4']) desk.join({ identity, name });
    expect(tokenViews(desk.register, START)).toMatchObject([{ usesLeft: undefined, state: 'valid' }]);
  });

  test('is not used up by a join that is refused', () => {
    const desk = deskOf();
    const identity = desk.token({ uses: 1 });
    expect(desk.ask({ identity, name: 'faraday' }).kind).toBe('refused');
    expect(desk.ask({ identity, name: 'w1', routes: ['172.16.0.0/12'] }).kind).toBe('refused');
    expect(desk.join({ identity, name: 'w1' }).inner).toBe('10.3.1.64');
  });

  test('counts once for a machine whose answer was lost, and which asks again', () => {
    const desk = deskOf();
    const identity = desk.token({ uses: 1 });
    const first = desk.join({ identity, name: 'w1', machine: 'm1' });
    const again = desk.join({ identity, name: 'w1', machine: 'm1' });
    expect(again.inner).toBe(first.inner);
    expect(desk.ask({ identity, name: 'w1', machine: 'm2' }).kind).toBe('refused');
    expect(desk.ask({ identity, name: 'w1' }).kind).toBe('refused');
    expect(desk.ask({ identity, name: 'w2', machine: 'm1' }).kind).toBe('refused');
  });

  test('lets nobody in from the moment on which it expires', () => {
    const desk = deskOf();
    const identity = desk.token({ ttlMs: HOUR });
    desk.wait(HOUR - 1);
    desk.join({ identity, name: 'w1' });
    desk.wait(1);
    expect(tokenViews(desk.register, desk.terms.now)).toMatchObject([{ state: 'expired' }]);
    expect(desk.ask({ identity, name: 'w2' })).toMatchObject({
      ...{ kind: 'refused', code: 'E_PERMISSION' },
      message: `token ${identity.slice(6)} has expired at 2026-01-01T01:00:00.000Z`,
    });
  });

  test('for one host lets in no other', () => {
    const desk = deskOf();
    const identity = desk.token({ name: 'w7' });
    expect(desk.ask({ identity, name: 'w8' })).toMatchObject({
      ...{ kind: 'refused', code: 'E_PERMISSION' },
      message: `token ${identity.slice(6)} is for w7 and not for w8`,
      hint: expect.stringContaining('join with --name w7'),
    });
    expect(desk.join({ identity, name: 'w7' }).name).toBe('w7');
  });

  test('that has expired still has a key, so that who comes late is told; a week later it is forgotten', () => {
    const desk = deskOf();
    const old = desk.token({ ttlMs: HOUR });
    desk.wait(HOUR + 7 * DAY - 1);
    desk.token();
    expect(keyOfIdentity(desk.register, old)).toBeDefined();
    desk.wait(1);
    const fresh = desk.token();
    expect(keyOfIdentity(desk.register, old)).toBeUndefined();
    desk.wait(30 * DAY);
    const { register } = desk;
    expect(desk.ask({ identity: fresh, name: 'w1' })).toMatchObject({ kind: 'refused' });
    expect(desk.register).toBe(register);
  });
});

describe('what a host asks with its token before it joins', () => {
  const use = (id: string, isWorker: boolean) => ({ id, name: 'w7', isWorker });

  test('is answered while the token is good, also to a worker that has used it up itself', () => {
    const desk = deskOf();
    const { id } = desk.take(createToken(desk.register, { ttlMs: DAY, uses: 1 }, desk.terms));
    expect(tokenRefusal(desk.register, use(id, false), START)).toBeUndefined();
    desk.take(spendToken(desk.register, { id, name: 'w7' }, START));
    expect(tokenRefusal(desk.register, use(id, true), START)).toBeUndefined();
  });

  test('is refused to a member, which will not ask again, when the token is used up', () => {
    const desk = deskOf();
    const { id } = desk.take(createToken(desk.register, { ttlMs: DAY, uses: 1 }, desk.terms));
    desk.take(spendToken(desk.register, { id, name: 'w6' }, START));
    expect(tokenRefusal(desk.register, use(id, false), START)?.message).toBe(`token ${id} is used up`);
  });

  test.each([true, false])(
    'is refused once the token is gone, has expired or is for another (%s)',
    (isWorker) => {
      const desk = deskOf();
      const { id } = desk.take(createToken(desk.register, { ttlMs: DAY, name: 'w6' }, desk.terms));
      const refusal = (now: number, of = id) => tokenRefusal(desk.register, use(of, isWorker), now)?.message;
      expect(refusal(START)).toBe(`token ${id} is for w6 and not for w7`);
      expect(refusal(START + DAY)).toMatch(/ has expired at 2026-/);
      expect(refusal(START, 'aaaaaaaa')).toBe('token aaaaaaaa has been revoked');
    },
  );
});

describe('a token that is taken back', () => {
  test('has no key and lets nobody in, not even through a connection that is open', () => {
    const desk = deskOf();
    const identity = desk.token();
    const lease = desk.join({ identity, name: 'w1' });
    desk.take(revokeToken(desk.register, identity.slice(6)));
    expect(keyOfIdentity(desk.register, identity)).toBeUndefined();
    expect(desk.ask({ identity, name: 'w2' })).toMatchObject({
      ...{ kind: 'refused', code: 'E_PERMISSION', message: `token ${identity.slice(6)} has been revoked` },
    });
    expect(desk.register.leases).toEqual([lease]);
  });

  test('must be there', () => {
    const { register } = deskOf();
    expect(revokeToken(register, 'aaaaaaaa')).toMatchObject({
      code: 'E_USAGE',
      message: 'no token aaaaaaaa',
    });
  });

  test('is not repeated where it is no id, since it may be a key', () => {
    const { register } = deskOf();
    const refusal = revokeToken(register, 'SECRETSECRET');
    expect(refusal).toMatchObject({ kind: 'refused', code: 'E_USAGE' });
    expect(JSON.stringify(refusal)).not.toContain('SECRET');
  });
});

test.each([
  '',
  'token',
  'token:',
  'token:aaaaaaaa',
  'lease:nobody',
  'lease:',
  ':x',
  'other:w1',
  'toString:x',
])('who says to be %j has no key', (identity) => {
  const desk = deskOf();
  desk.join({ identity: desk.token(), name: 'w1' });
  expect(keyOfIdentity(desk.register, identity)).toBeUndefined();
});
