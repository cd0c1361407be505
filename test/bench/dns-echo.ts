// Runs inside a host, as its own bundle: answers every datagram at the address with what came and sixteen bytes more, as
// long as an answer with one address is, and knows nothing of DNS but the bit that says that it is a response.
import { createSocket } from 'node:dgram';

const [address] = process.argv.slice(2);
const RECORD = Buffer.alloc(16);
const RESPONSE = 0x80;

const socket = createSocket({ type: 'udp4', lookup: (host, _options, done) => done(null, host, 4) });
socket.on('message', (query, { port, address: asker }) => {
  const reply = Buffer.allocUnsafe(query.length + RECORD.length);
  reply.set(query);
  reply.set(RECORD, query.length);
  reply[2] = RESPONSE;
  socket.send(reply, port, asker);
});
socket.bind(53, address, () => process.stdout.write('listens\n'));
