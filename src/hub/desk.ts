import type { ErrorCode } from '../errors.ts';
import type { Ipv4 } from '../model/ip.ts';
import type { HelloAnswer, HelloRequest, JoinAnswer, JoinRequest } from './wire.ts';

/** Who asks: it has proven that it holds the key of `identity`, and its packets come from `address`. */
export interface Caller {
  /** `token:<id>` or `lease:<name>`. */
  readonly identity: string;
  readonly address: Ipv4;
}

/** Why a call is refused, as it crosses the wire. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** What the control API asks for and hands out. It refuses by throwing an IslandError, which reaches the caller. */
export interface Desk {
  /**
   * The 32 bytes that `identity` shares with the hub; undefined for one that nobody has. Also of a token that is
   * used up or expired: who holds it is told so, and nobody else learns that there is one.
   */
  keyOf(identity: string): Uint8Array | undefined;
  hello(caller: Caller, request: HelloRequest): Promise<HelloAnswer>;
  join(caller: Caller, request: JoinRequest): Promise<JoinAnswer>;
  release(caller: Caller): Promise<void>;
}
