import { expect, onTestFinished, test, vi } from 'vitest';
import { startHeartbeat } from '../../src/daemon/heartbeat.ts';
import { memoryLog } from '../support/hub/hub.ts';

test('the watchdog hears nothing more while a look does not end, and the log hears of it once', async () => {
  const { log, lines } = memoryLog();
  const told: string[] = [];
  let since: number | undefined;
  const now = () => performance.now();
  const supervisor = {
    patienceMs: 20,
    tell: (...words: readonly string[]) => void told.push(...words),
    close: () => Promise.resolve(),
  };
  onTestFinished(startHeartbeat({ supervisor, log, now, lookingSince: () => since }));
  await vi.waitFor(() => expect(told.length).toBeGreaterThan(1));
  // A look that has just begun.
  since = now();
  await vi.waitFor(() =>
    expect(lines).toEqual([expect.stringMatching(/^error a look at the host does not end/)]),
  );
  const { length } = told;
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect([told.length, lines.length]).toEqual([length, 1]);
  since = undefined;
  await vi.waitFor(() => expect(told.length).toBeGreaterThan(length));
});
