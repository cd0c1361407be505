import { expect, test } from 'vitest';
import type { Kept } from '../../src/app/heal.ts';
import { newServices } from '../../src/daemon/services.ts';
import { IslandError } from '../../src/errors.ts';
import { fakeHost } from '../support/fake-host.ts';
import { memoryLog } from '../support/hub/hub.ts';

function kept(port: number, repaired: readonly string[] = []): Kept {
  const place = { role: 'hub', name: 'l1' };
  return {
    state: 'kept',
    island: { port },
    scene: { place },
    repaired,
    unused: undefined,
  } as unknown as Kept;
}

/** Two services, the second of which may not start. */
function twoServices() {
  const told: string[] = [];
  const state = { fails: false };
  const service = (name: string) => ({
    name,
    start: () => {
      if (name === 'b' && state.fails) return Promise.reject(new IslandError('E_RETRY', 'port is in use'));
      told.push(`+${name}`);
      const close = () => Promise.resolve(void told.push(`-${name}`));
      return Promise.resolve({ close, repaired: () => void told.push(`!${name}`) });
    },
  });
  const services = newServices({
    ...{ host: fakeHost({ hostname: 'l1', links: {} }), log: memoryLog().log, lookSoon: () => undefined },
    servicesOf: () => ['a', 'b'].map(service),
  });
  return { told, state, services };
}

test('services start once, hear of repairs, start anew with another file, and end in the other order', async () => {
  const { told, services } = twoServices();
  await services.onKept(kept(1, ['at first']));
  await services.onKept(kept(1));
  expect(told).toEqual(['+a', '+b']);
  await services.onKept(kept(1, ['a link']));
  expect(told.splice(0)).toEqual(['+a', '+b', '!a', '!b']);
  await services.onKept(kept(2));
  expect(told.splice(0)).toEqual(['-b', '-a', '+a', '+b']);
  await services.close();
  await services.close();
  expect(told).toEqual(['-b', '-a']);
});

test('when one does not start none is left, and all are tried again', async () => {
  const { told, state, services } = twoServices();
  state.fails = true;
  await expect(services.onKept(kept(1))).rejects.toThrow('port is in use');
  expect(told.splice(0)).toEqual(['+a', '-a']);
  state.fails = false;
  await services.onKept(kept(1));
  expect(told).toEqual(['+a', '+b']);
});
