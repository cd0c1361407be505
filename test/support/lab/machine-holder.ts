// A process that makes a machine and holds it until it is killed: for the test of what is left then.
import { openMachine } from './machine.ts';

const [, , path = ''] = process.argv;
const machine = await openMachine('held', { disk: { path, remove: async () => undefined }, sysctls: {} });
await machine.boot();
process.stdout.write(`${machine.pid}\n`);
setInterval(() => undefined, 1000);
