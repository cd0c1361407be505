import type { HelloAnswer, HelloRequest, JoinAnswer, JoinRequest } from './wire.ts';

export interface CallOptions {
  /** An address of the hub. */
  readonly hub: string;
  readonly port: number;
  /** `token:<id>` or `lease:<name>`. */
  readonly identity: string;
  readonly key: Uint8Array;
  /** For each call, from the first packet to the answer. */
  readonly timeoutMs: number;
}

/** What a host asks its hub; each call is a connection of its own, and throws the refusal of the hub. */
export interface HubClient {
  hello(request: HelloRequest): Promise<HelloAnswer>;
  join(request: JoinRequest): Promise<JoinAnswer>;
  release(): Promise<void>;
}

/** A hub, to be asked with one key. E_RETRY when it does not answer, E_PERMISSION when it does not know the key. */
export function callHub(options: CallOptions): HubClient {
  // Imported when something is asked: few commands do, and TLS costs some of the time in which one starts.
  const loaded = () => import('./ask.ts');
  return {
    hello: async (request) => (await loaded()).ask(options, 'hello', request),
    join: async (request) => (await loaded()).ask(options, 'join', request),
    release: async () => void (await (await loaded()).ask(options, 'release', {})),
  };
}
