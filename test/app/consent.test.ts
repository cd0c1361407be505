import { describe, expect, test } from 'vitest';
import { join } from '../../src/app/join.ts';
import { leave } from '../../src/app/leave.ts';
import { plan } from '../../src/app/plan.ts';
import { parseSession } from '../../src/model/session.ts';
import type { FakeHost } from '../support/fake-host.ts';
import { hostOf, stateOf } from '../support/fake-site.ts';
import { modelFile } from '../support/island.ts';

const RISK =
  'your SSH session from 138.96.245.51 to 192.168.3.100 leaves by internet via 138.96.16.110 now and would leave by isl-sopn-1ycmgm via 10.3.1.2 then';

/** faraday, with the operator on it over an SSH session from the other network of the island, or from `client`. */
function faraday(client = '138.96.245.51'): FakeHost {
  const host = hostOf('faraday', modelFile('vxlan'));
  host.ssh = parseSession(`${client} 50022 192.168.3.100 22`);
  return host;
}

function operator(answer: boolean) {
  const heard: string[] = [];
  return {
    heard,
    ask: (question: string) => Promise.resolve(void heard.push(question)).then(() => answer),
    say: (text: string) => void heard.push(text),
  };
}

describe('join, from a session that would change its way,', () => {
  test('asks, and goes on after a yes', async () => {
    const { heard, ...on } = operator(true);
    const host = faraday();
    await join(host, on);
    expect(heard).toEqual([`${RISK}\ncontinue? [y/N] `]);
    expect((await plan(host, {})).steps).toEqual([]);
  });

  test('touches nothing after a no', async () => {
    const { heard, ...on } = operator(false);
    const host = faraday();
    const bare = stateOf(host);
    await expect(join(host, on)).rejects.toMatchObject({
      ...{ code: 'E_RETRY', message: 'you did not agree to join; nothing was changed' },
    });
    expect([stateOf(host), host.files.size]).toEqual([bare, 0]);
  });

  test('touches nothing where nobody can be asked, and says what to add', async () => {
    const host = faraday();
    const bare = stateOf(host);
    await expect(join(host, {})).rejects.toMatchObject({
      ...{ code: 'E_USAGE', message: `${RISK}; nothing was changed` },
      hint: 'add --accept-risk ssh, or --confirm-within 60s, which undoes it unless you confirm it',
    });
    expect([stateOf(host), host.files.size]).toEqual([bare, 0]);
  });

  test.each([
    ['when the risk is accepted', { acceptRisk: ['ssh'] as const }],
    ['when it is undone unless confirmed', { confirmWithinMs: 60_000 }],
  ])('only says so %s', async (_, accepted) => {
    const { heard, ...on } = operator(false);
    await join(faraday(), { ...on, ...accepted });
    expect(heard).toEqual([RISK]);
  });

  test('does not do under the same yes what by then would be something else', async () => {
    const host = faraday();
    const bare = stateOf(host);
    const ask = () => {
      host.ssh = parseSession('138.96.245.52 50022 192.168.3.100 22');
      return Promise.resolve(true);
    };
    await expect(join(host, { ask })).rejects.toMatchObject({
      ...{ code: 'E_RETRY', message: expect.stringContaining('the routes have changed meanwhile') },
    });
    expect(stateOf(host)).toEqual(bare);
  });

  test('leaves the lock to others while it asks', async () => {
    const host = faraday();
    const order: string[] = [];
    const other = () => Promise.resolve(order.push('another command'));
    const ask = () => host.exclusively('r2lab', other).then(() => true);
    await join(host, { ask, onCommand: () => order.push('a command of join') });
    expect(order.slice(0, 2)).toEqual(['another command', 'a command of join']);
  });
});

describe('without such a session, nothing is asked or said', () => {
  test.each(['203.0.113.9', '192.168.3.7'])('from %s', async (client) => {
    const { heard, ...on } = operator(false);
    const host = faraday(client);
    await join(host, on);
    await leave(host, on);
    expect(heard).toEqual([]);
  });

  test('nor by a join that has nothing to do', async () => {
    const { heard, ...on } = operator(false);
    const host = faraday();
    await join(host, { acceptRisk: ['ssh'] });
    await join(host, on);
    expect(heard).toEqual([]);
  });
});

describe('leave, from a session that came in through the island,', () => {
  test('asks, too', async () => {
    const host = faraday();
    await join(host, { acceptRisk: ['ssh'] });
    const joined = stateOf(host);
    await expect(leave(host, operator(false))).rejects.toThrow('you did not agree to leave');
    await expect(leave(host, {})).rejects.toMatchObject({ code: 'E_USAGE', hint: 'add --accept-risk ssh' });
    expect(stateOf(host)).toEqual(joined);
    expect((await leave(host, operator(true))).changed).toBe(true);
  });
});

test('plan tells of it beforehand', async () => {
  expect((await plan(faraday(), {})).notes).toEqual([RISK]);
  expect((await plan(faraday('203.0.113.9'), {})).notes).toEqual([]);
});
