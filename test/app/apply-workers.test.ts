import { describe, expect, test } from 'vitest';
import { applyWorkers } from '../../src/app/apply-workers.ts';
import { join } from '../../src/app/join.ts';
import { loadIsland } from '../../src/config/load.ts';
import { acquire, release } from '../../src/hub/leases.ts';
import { updateRegister } from '../../src/hub/register-store.ts';
import { createToken } from '../../src/hub/tokens.ts';
import type { FakeHost } from '../support/fake-host.ts';
import { hostOf, stateOf } from '../support/fake-site.ts';
import { workersFile } from '../support/register.ts';

const POOL = '10.3.1.64/26';
const ISLAND = loadIsland(workersFile(POOL), 'r2lab.yaml');

/** The hub, on the island, with the steps that lend an address and take it back. */
async function hub() {
  const host = hostOf('sopnode-l1', workersFile(POOL));
  await join(host, {});
  const terms = () => ({ island: ISLAND, ranges: [], now: host.dateMs, random: host.random });
  const token = await updateRegister(host, ISLAND.name, (register) =>
    createToken(register, { ttlMs: 1e9 }, terms()),
  );
  const lend = (name: string) =>
    updateRegister(host, ISLAND.name, (register) => {
      const request = { identity: `token:${token.id}`, name, routes: [], takeover: false };
      return acquire(register, request, terms());
    });
  return { host, lend };
}

function addresses(host: FakeHost): string[] {
  return host.kernel
    .observe()
    .neighbours.map(({ address }) => address)
    .filter((address) => address.startsWith('10.3.1.6'))
    .toSorted();
}

describe('what the register says comes into the kernel', () => {
  test('also when somebody else joins while it is brought there', async () => {
    const { host, lend } = await hub();
    await lend('w1');
    const { perform } = host;
    let hasCome = false;
    host.perform = async (effect) => {
      await perform(effect);
      if (!hasCome) await lend('w2');
      hasCome = true;
    };
    await applyWorkers(host, ISLAND);
    expect(addresses(host)).toEqual(['10.3.1.64']);
    await applyWorkers(host, ISLAND);
    expect(addresses(host)).toEqual(['10.3.1.64', '10.3.1.65']);
  });

  test('with one look at the kernel where somebody watches it anyway, else with another one after it', async () => {
    const { host, lend } = await hub();
    let looks = 0;
    const { observe } = host;
    host.observe = (table) => {
      looks += 1;
      return observe(table);
    };
    await lend('w1');
    await applyWorkers(host, ISLAND);
    expect(looks).toBe(2);
    await lend('w2');
    await applyWorkers(host, ISLAND, { isWatched: true });
    expect(looks).toBe(3);
  });

  test('and what fails on the way is undone by elements, so that the table stays', async () => {
    const { host, lend } = await hub();
    await lend('w1');
    await applyWorkers(host, ISLAND);
    const before = stateOf(host);
    const inputs: string[] = [];
    const { perform } = host;
    host.perform = (effect) => {
      if (effect.tool === 'nft') inputs.push(effect.input);
      return perform(effect);
    };
    host.listNft = () => Promise.reject(new Error('nobody needs the whole table'));
    await lend('w2');
    host.kernel.failOnce(2);
    await expect(applyWorkers(host, ISLAND)).rejects.toThrow('everything that this run did is undone');
    expect(stateOf(host)).toEqual(before);
    expect(inputs.map((input) => input.split(' ', 2).join(' '))).toEqual(['add element', 'delete element']);
  });

  test('and who leaves is gone from it', async () => {
    const { host, lend } = await hub();
    const bare = stateOf(host);
    await lend('w1');
    await applyWorkers(host, ISLAND);
    expect(stateOf(host)).not.toEqual(bare);
    await updateRegister(host, ISLAND.name, (register) => release(register, { name: 'w1' }, host.dateMs));
    await applyWorkers(host, ISLAND);
    expect(stateOf(host)).toEqual(bare);
  });
});
