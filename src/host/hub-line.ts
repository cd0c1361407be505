import { callHub, type HubClient } from '../hub/client.ts';
import { bytesOfKey } from '../hub/secrets.ts';
import type { Host } from './host.ts';

/** A hub that has to ask another machine first whether it is alive takes a second; a thousand that join at once, some. */
const TIMEOUT_MS = 20_000;

export function hubLine({
  key,
  timeoutMs = TIMEOUT_MS,
  ...options
}: Parameters<Host['hubLine']>[0]): HubClient {
  return callHub({ ...options, key: bytesOfKey(key), timeoutMs });
}
