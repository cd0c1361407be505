/** The port every agent answers on, TCP and UDP, on all addresses of its host. */
export const AGENT_PORT = 7007;

/** What an agent can be asked. A request is one line of JSON, and so is its answer, under the same id. */
export type Request =
  | { readonly op: 'serve'; readonly ports: readonly number[] }
  | { readonly op: 'probe'; readonly targets: readonly Target[]; readonly deadlineMs: number }
  | { readonly op: 'ping'; readonly targets: readonly PingTarget[]; readonly deadlineMs: number }
  | {
      readonly op: 'transfer';
      readonly address: string;
      readonly port: number;
      readonly upload: number;
      readonly download: number;
      readonly deadlineMs: number;
    }
  | {
      /** One connection that sends a byte now and then, to see whether it lives on. */
      readonly op: 'trickle';
      readonly address: string;
      readonly port: number;
      readonly bytes: number;
      readonly everyMs: number;
      readonly deadlineMs: number;
    };

/** Somewhere to send a datagram or open a connection to. */
export interface Target {
  readonly address: string;
  readonly port: number;
  readonly protocol?: 'tcp' | 'udp';
  /** Use this source address instead of the one that the routes say. */
  readonly from?: string;
  /** Use this source port, of UDP only. */
  readonly fromPort?: number;
  /** Size of a datagram and of the answer to it. */
  readonly bytes?: number;
}

/** A don't-fragment ping. */
export interface PingTarget {
  readonly address: string;
  /** Bytes of the whole IPv4 packet: what has to fit the MTU. */
  readonly packet: number;
}

/** How it went; `saw` is what the far end had for our address, `local` what we had. */
export interface Reply {
  readonly ok: boolean;
  readonly ms: number;
  readonly saw?: string;
  readonly sawPort?: number;
  readonly local?: string;
  readonly error?: string;
}

/** Bytes that arrived at either end. */
export interface TransferReply extends Reply {
  readonly uploaded: number;
  readonly downloaded: number;
}

/** The answer to each kind of request. */
export interface Answers {
  readonly serve: null;
  readonly probe: readonly Reply[];
  readonly ping: readonly Reply[];
  readonly transfer: TransferReply;
  readonly trickle: TransferReply;
}

/** First line of a connection, from the server: where it saw the connection come from. */
export interface Greeting {
  readonly source: string;
  readonly port: number;
}

/** First line of a connection, from the client: bytes it is about to send, bytes it wants. */
export interface Order {
  readonly upload: number;
  readonly download: number;
}
