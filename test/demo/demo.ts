// Shows the whole life of an island in the model network of the tests, with real processes and real packets.
import { createLab } from '../support/lab/lab.ts';
import { say } from './say.ts';
import { tell } from './story.ts';

const keep = process.argv.includes('--keep');
const lab = await createLab();
let stopping = false;
// Nobody reads on ("npm run demo | head"); the namespaces end with this process.
process.stdout.on('error', () => process.exit(1));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(signal));

try {
  process.exitCode = await tell(lab, { keep });
} catch (error) {
  // When the network is taken away below it, everything fails.
  if (!stopping) process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  if (!stopping) await remove();
}

async function stop(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): Promise<void> {
  if (stopping) return;
  stopping = true;
  await remove();
  const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };
  process.exit(keep ? 0 : 128 + numbers[signal]);
}

async function remove(): Promise<void> {
  await lab.close();
  say('', 'The model network is gone.');
}
