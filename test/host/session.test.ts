import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { findSession } from '../../src/host/session.ts';

const CONNECTION = '192.0.2.7 50022 198.51.100.5 22';
const SESSION = { client: '192.0.2.7', clientPort: 50_022, server: '198.51.100.5', serverPort: 22 };

test('the session is that of the environment', () => {
  expect(findSession(CONNECTION)).toEqual(SESSION);
});

test('over IPv6 it is none, whatever the parents have', () => {
  expect(findSession('2001:db8::7 50022 2001:db8::5 22')).toBeUndefined();
});

/** What findSession makes of the process that `words` end in, which prints its number and then reads. */
async function askBelow(words: readonly string[]): Promise<unknown> {
  const child = spawn('sh', ['-c', 'exec "$@"', 'sh', ...words], {
    env: { PATH: '/usr/bin:/bin', SSH_CONNECTION: CONNECTION },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  const found = findSession(undefined, Number(line));
  const ended = once(child, 'exit');
  child.stdin.end();
  await ended;
  return found;
}

test('where sudo has emptied the environment, it is that of the nearest parent that has one', async () => {
  expect(await askBelow(['sh', '-c', 'echo $$; cat'])).toEqual(SESSION);
  // Each shell has something left to do, so that it stays in between.
  const emptied = 'env -i PATH=/bin sh -c \'sh -c "echo \\$\\$; cat"; :\'; :';
  expect(await askBelow(['sh', '-c', emptied])).toEqual(SESSION);
});

test('it is none where the walk ends without one: at the first process, or at one that has gone', () => {
  const beyondPidMax = 4_194_305;
  expect([findSession(undefined, 1), findSession(undefined, beyondPidMax)]).toEqual([undefined, undefined]);
});
