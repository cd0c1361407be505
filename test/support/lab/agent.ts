// Runs inside a host of the lab, as its own bundle. It ends when its standard input does.
import { createInterface } from 'node:readline';
import { ping, probe, transfer, trickle } from './agent-client.ts';
import { AGENT_PORT, type Request } from './agent-protocol.ts';
import { serve } from './agent-server.ts';

await serve(AGENT_PORT);
send({ id: 0, answer: null });
for await (const line of createInterface(process.stdin)) {
  const { id, request }: { id: number; request: Request } = JSON.parse(line);
  perform(request).then(
    (answer) => send({ id, answer }),
    (error) => send({ id, error: String(error) }),
  );
}
process.exit();

async function perform(request: Request): Promise<unknown> {
  switch (request.op) {
    case 'serve':
      await Promise.all(request.ports.map(serve));
      return null;
    case 'probe':
      return Promise.all(request.targets.map((target) => probe(target, request.deadlineMs)));
    case 'ping':
      return ping(request.targets, request.deadlineMs);
    case 'transfer':
      return transfer(request);
    case 'trickle':
      return trickle(request);
  }
}

function send(message: unknown): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
