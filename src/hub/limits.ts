/** What the control API bears before it sends somebody away. */
export interface ApiLimits {
  /** Connections at one moment, in all and from one address: a whole room of hosts may be behind one NAT. */
  readonly connections: number;
  readonly perAddress: number;
  /** Failed handshakes from one address; beyond, as many a minute are listened to and the rest is not. */
  readonly failuresPerMinute: number;
  /** Addresses whose failures are remembered; the oldest is forgotten for a new one. */
  readonly addresses: number;
  /** From the connection to the proof of a key. */
  readonly handshakeMs: number;
  /** From there to the end of the headers. */
  readonly headersMs: number;
  /** From there to the answer. */
  readonly requestMs: number;
  /** For the answer to arrive. */
  readonly deliverMs: number;
  /** How long close() waits for requests in hand. */
  readonly closeMs: number;
}

export const DEFAULT_LIMITS: ApiLimits = {
  connections: 256,
  perAddress: 64,
  failuresPerMinute: 30,
  addresses: 4096,
  handshakeMs: 5000,
  headersMs: 5000,
  requestMs: 15_000,
  deliverMs: 15_000,
  closeMs: 2000,
};
