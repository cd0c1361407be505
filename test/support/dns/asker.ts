// Runs on a host of the lab, as its own bundle: `asker.mjs FROM TO COUNT NAME WAIT` sends so many questions at once, prints
// `sent`, and how many were answered, at once when all are and else WAIT milliseconds later.
import { createSocket } from 'node:dgram';
import { question } from './questions.ts';

const [from = '', to = '', count = '', name = '', wait = ''] = process.argv.slice(2);
const answered = new Set<number>();

const socket = createSocket('udp4', (reply, { address, port }) => {
  if (address !== to || port !== 53) throw new Error(`answered by ${address}:${port}`);
  answered.add(reply.readUInt16BE(0));
  if (answered.size === Number(count)) end();
});
socket.bind(0, from, () => {
  for (let id = 0; id < Number(count); id += 1) socket.send(question(name, 'A', id), 53, to, () => undefined);
  setImmediate(() => process.stdout.write('sent\n'));
  setTimeout(end, Number(wait));
});

function end(): void {
  process.stdout.write(`${answered.size} answered\n`, () => process.exit());
}
