import { expect, test } from 'vitest';
import type { Kept } from '../../src/app/heal.ts';
import type { Service, Standing } from '../../src/daemon/service.ts';
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

/** Three services: the second may not start, the third takes another island as it runs. */
function threeServices() {
  const told: string[] = [];
  const state = { fails: false, names: ['a', 'b', 'c'], troubles: [] as readonly string[] };
  const service = (name: string): Service => ({
    name,
    start: ({ leased, trouble }) => {
      if (name === 'a') trouble(state.troubles);
      if (name === 'b' && state.fails) return Promise.reject(new IslandError('E_RETRY', 'port is in use'));
      told.push(`+${name}`);
      const say = (what: string) => void told.push(`${what}${name}`);
      return Promise.resolve({
        close: () => Promise.resolve(say('-')),
        repaired: () => say('!'),
        moved: leased,
        leased: () => say('*'),
        ...(name === 'c' && {
          changed: ({ island: { port } }: Standing) =>
            Promise.resolve(told.push(`~${name}${port}`) > 0 && port < 9),
        }),
      });
    },
  });
  const services = newServices({
    ...{ host: fakeHost({ hostname: 'l1', links: {} }), log: memoryLog().log, lookSoon: () => undefined },
    servicesOf: () => state.names.map(service),
    onTrouble: (texts) => void told.push(`trouble: ${texts}`),
  });
  return { told, state, services };
}

test('services start once, hear of repairs, start anew with another file, and end in the other order', async () => {
  const { told, state, services } = threeServices();
  state.names = ['a', 'b'];
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

test('one that can go on with another file is not started anew, unless it says no or is not wanted', async () => {
  const { told, state, services } = threeServices();
  state.names = ['c', 'a'];
  await services.onKept(kept(1));
  await services.onKept(kept(2));
  expect(told.splice(0)).toEqual(['+c', '+a', '-a', '~c2', '+a']);
  await services.onKept(kept(9));
  expect(told.splice(0)).toEqual(['-a', '~c9', '-c', '+c', '+a']);
  state.names = ['a'];
  await services.onKept(kept(2));
  expect(told.splice(0)).toEqual(['-a', '-c', '+a']);
  state.names = ['a', 'c'];
  await services.onKept(kept(3));
  expect(told.splice(0)).toEqual(['-a', '+a', '+c']);
  await services.close();
  await services.onKept(kept(4));
  expect(told).toEqual(['-c', '-a', '+a', '+c']);
});

test('when one does not start the others run, and it is tried again', async () => {
  const { told, state, services } = threeServices();
  state.fails = true;
  await expect(services.onKept(kept(1))).rejects.toThrow('port is in use');
  await expect(services.onKept(kept(1, ['a link']))).rejects.toThrow('port is in use');
  expect(told.splice(0)).toEqual(['+a', '!a']);
  state.fails = false;
  await services.onKept(kept(1));
  expect(told).toEqual(['+b', '+c']);
});

test('what one says of workers that come and go all hear', async () => {
  const { told, state, services } = threeServices();
  state.names = ['a', 'c'];
  await services.onKept(kept(1));
  services.moved(false);
  expect(told).toEqual(['+a', '+c', '*a', '*c', '*a', '*c']);
});

test('what keeps one from its work is told when that changes, and is over when it ends', async () => {
  const { told, state, services } = threeServices();
  [state.names, state.troubles] = [['a', 'c'], ['the port is taken']];
  await services.onKept(kept(1));
  expect(told.splice(0)).toEqual(['trouble: the port is taken', '+a', '+c']);
  state.troubles = [];
  await services.onKept(kept(2));
  expect(told.splice(0)).toEqual(['~c2', '-a', 'trouble: ', '+a']);
  await services.close();
  expect(told).toEqual(['-a', '-c']);
});
