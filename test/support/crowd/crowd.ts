import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { LabHost } from '../lab/host.ts';
import { startIn } from '../lab/namespace.ts';

/** Where the hub is, and what the workers of the crowd say to it. */
export interface Target {
  readonly hub: string;
  readonly port: number;
  /** The hub's inner address, which each of them asks for. */
  readonly hubInner: string;
  /** `<id>.<key>`, good for all of them. */
  readonly token: string;
  /** Calls at a time; a hub takes 64 connections from one address. */
  readonly atOnce: number;
}

/** What the crowd is told to do. */
export type Request =
  | { readonly op: 'join'; readonly names: readonly string[] }
  /** Each asks for the hub once in the period, from a moment of its own in it, as its kernel would. */
  | { readonly op: 'keepalive'; readonly periodMs: number };

/** A worker of the crowd as the hub knows it. */
export interface Member {
  readonly name: string;
  readonly inner: string;
  readonly mac: string;
  /** Of its own socket, in front of the NAT. */
  readonly port: number;
  /** From the first call to the lease, and from there to the hub's first answer through the tunnel. */
  readonly leasedMs: number;
  readonly answeredMs: number;
}

export interface Answers {
  /** All of them, once the hub answers each. */
  readonly join: { readonly ms: number; readonly members: readonly Member[] };
  /** Until the hub has answered each of them again. */
  readonly keepalive: { readonly ms: number };
}

/** Many workers in one process of a lab's host. */
export interface Crowd {
  ask<R extends Request>(request: R): Promise<Answers[R['op']]>;
  close(): Promise<void>;
}

/** Starts the crowd on a host; `program` is the bundle of program.ts. It ends with the host at the latest. */
export function startCrowd(host: LabHost, program: string, target: Target): Crowd {
  const child = startIn(host.pid, [process.execPath, program, JSON.stringify(target)]);
  const ended = once(child, 'close');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  let complaint = '';
  child.stdin.on('error', () => undefined);
  child.stderr.on('data', (text) => {
    complaint += text;
  });
  return {
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const line = await lines.next();
      if (line.done) throw new Error(`the crowd ended: ${complaint}`);
      return JSON.parse(line.value);
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}
