import { describe, expect, test } from 'vitest';
import { release } from '../../src/hub/leases.ts';
import { pin, unpin } from '../../src/hub/pins.ts';
import { leaseViews } from '../../src/hub/views.ts';
import { parseIpv4 } from '../../src/model/ip.ts';
import { deskOf, START } from '../support/register.ts';

const at = (text: string) => ({ address: parseIpv4(text) });

describe('a pin', () => {
  test('keeps the address that a name has, also while it holds it', () => {
    const desk = deskOf();
    const { inner, holder } = desk.join({ identity: desk.token(), name: 'w1' });
    expect(desk.take(pin(desk.register, { name: 'w1' }, desk.terms))).toMatchObject({
      inner,
      holder,
      pinned: true,
    });
    const { register } = desk;
    desk.take(pin(desk.register, { name: 'w1', address: inner }, desk.terms));
    expect(desk.register).toBe(register);
    expect(desk.join({ identity: 'lease:w1', name: 'w1' }).pinned).toBe(true);
    desk.take(release(desk.register, { name: 'w1' }, desk.terms.now));
    expect(leaseViews(desk.register)).toMatchObject([{ state: 'reserved', pinned: true }]);
  });

  test('keeps an address for a name that has not joined yet', () => {
    const desk = deskOf();
    desk.take(pin(desk.register, { name: 'w9', ...at('10.3.1.66') }, desk.terms));
    desk.take(pin(desk.register, { name: 'w8' }, desk.terms));
    expect(leaseViews(desk.register)).toMatchObject([
      { name: 'w8', inner: '10.3.1.64', state: 'reserved', pinned: true, sinceMs: START },
      { name: 'w9', inner: '10.3.1.66', state: 'reserved', pinned: true },
    ]);
    expect(desk.join({ identity: desk.token(), name: 'w9' })).toMatchObject({
      inner: '10.3.1.66',
      pinned: true,
    });
  });

  test('moves a reservation, and not a lease that is held', () => {
    const desk = deskOf();
    desk.join({ identity: desk.token(), name: 'w1' });
    expect(pin(desk.register, { name: 'w1', ...at('10.3.1.66') }, desk.terms)).toMatchObject({
      ...{ kind: 'refused', code: 'E_USAGE' },
      message: 'w1 has joined with 10.3.1.64, and cannot move to 10.3.1.66 meanwhile',
    });
    desk.take(release(desk.register, { name: 'w1' }, desk.terms.now));
    desk.take(pin(desk.register, { name: 'w1', ...at('10.3.1.66') }, desk.terms));
    expect(leaseViews(desk.register)).toMatchObject([{ name: 'w1', inner: '10.3.1.66' }]);
  });

  test.each([
    ['10.3.1.64', '10.3.1.64 is already that of w1'],
    ['10.3.1.2', 'not an address for workers: 10.3.1.2'],
    ['10.3.1.68', 'not an address for workers: 10.3.1.68'],
    ['192.0.2.1', 'not an address for workers: 192.0.2.1'],
  ])('cannot be %s', (address, message) => {
    const desk = deskOf();
    desk.join({ identity: desk.token(), name: 'w1' });
    expect(pin(desk.register, { name: 'w2', ...at(address) }, desk.terms)).toMatchObject({
      ...{ kind: 'refused', code: 'E_USAGE', message },
    });
  });

  test('is for names that a worker can have', () => {
    const { register, terms } = deskOf();
    expect(pin(register, { name: 'faraday' }, terms)).toMatchObject({ kind: 'refused', code: 'E_USAGE' });
  });

  test('needs a free address', () => {
    const desk = deskOf();
    for (const name of ['w1', 'w2', 'w3', 'w4']) desk.take(pin(desk.register, { name }, desk.terms));
    expect(pin(desk.register, { name: 'w5' }, desk.terms)).toMatchObject({
      kind: 'refused',
      code: 'E_RETRY',
    });
  });

  test('can be taken off, after which the lease is as any other', () => {
    const desk = deskOf();
    desk.take(pin(desk.register, { name: 'w1' }, desk.terms));
    expect(desk.take(unpin(desk.register, 'w1'))).toMatchObject({ inner: '10.3.1.64', pinned: false });
    const { register } = desk;
    desk.take(unpin(desk.register, 'w1'));
    expect(desk.register).toBe(register);
    expect(unpin(desk.register, 'w2')).toMatchObject({ kind: 'refused', message: 'no lease of "w2"' });
  });
});
