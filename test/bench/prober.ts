// Runs inside a host, as its own bundle: asks the agent at the address every 3 ms until an answer comes, and says so.
import { createSocket } from 'node:dgram';
import { AGENT_PORT } from '../support/lab/agent-protocol.ts';

const [address] = process.argv.slice(2);
const socket = createSocket('udp4');
socket.once('message', () => process.stdout.write('answered\n', () => process.exit()));
// Without a route, sending fails at once; that is what ends with the join.
setInterval(() => socket.send('?', AGENT_PORT, address, () => undefined), 3);
process.stdout.write('ready\n');
