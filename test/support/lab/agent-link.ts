import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Answers, Request } from './agent-protocol.ts';
import { startIn } from './namespace.ts';

/** A conversation with the agent of one host. */
export interface AgentLink {
  ask<R extends Request>(request: R): Promise<Answers[R['op']]>;
}

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

/** Starts an agent inside and returns when it listens. It ends with the namespaces or with this process. */
export async function startAgent(pid: number, name: string): Promise<AgentLink> {
  const child = startIn(pid, [process.execPath, agentFile()]);
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let complaint = '';
  const promise = <T>(id: number) =>
    new Promise<T>((resolve, reject) => waiting.set(id, { resolve, reject }));
  const ready = promise(0);
  child.stdin.on('error', () => undefined);
  child.stderr.on('data', (text) => {
    complaint += text;
  });
  createInterface(child.stdout).on('line', (line) => {
    const { id, answer, error } = JSON.parse(line);
    const request = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) request?.resolve(answer as never);
    else request?.reject(new Error(`agent of ${name}: ${error}`));
  });
  void once(child, 'close').then(() => {
    for (const { reject } of waiting.values()) reject(new Error(`agent of ${name} ended: ${complaint}`));
  });
  await ready;
  return {
    ask<R extends Request>(request: R) {
      lastId += 1;
      const answer = promise<Answers[R['op']]>(lastId);
      child.stdin.write(`${JSON.stringify({ id: lastId, request })}\n`);
      return answer;
    },
  };
}

/** Beside a bundle that contains this file; else where the setup of the tests put it. */
function agentFile(): string {
  const bundled = !import.meta.url.endsWith('.ts');
  const file = bundled ? 'agent.mjs' : '../../../node_modules/.cache/island-lab/agent.mjs';
  return fileURLToPath(new URL(file, import.meta.url));
}
