// A process that makes a lab and holds it until it is killed: for the tests of what is left then.
import { createLab } from './lab.ts';

const lab = await createLab();
await lab.raise({ hosts: { first: {}, second: {} } });
const daemon = lab.host('first').start(['sh', '-c', 'setsid sleep 600 & echo started; sleep 600']);
await daemon.outputMatching(/started/);
await lab.host('second').agent();
process.stdout.write(`${JSON.stringify(lab.hosts().map((host) => host.pid))}\n`);
setInterval(() => undefined, 1000);
