import { within } from '../daemon.ts';
import type { LabHost } from '../lab/host.ts';

/** Who stands between a worker and the hub, and writes down what they send each other. */
export interface Recorder {
  /** What was said in each connection that has ended; resolves when there are so many. */
  recordings(count: number): Promise<readonly Recording[]>;
  close(): Promise<void>;
}

/** Pieces in the order in which they came: of the worker, or of the hub. */
export type Recording = readonly { readonly of: 'worker' | 'hub'; readonly bytes: string }[];

const PORT = 7777;
const FILE = '/run/recordings';

/** Runs on the NAT of a worker, through which all that it says has to go. */
export async function recordAt(nat: LabHost, hub: string): Promise<Recorder> {
  await nat.run(['nft', '-f', '-'], {
    input: `table ip tap {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    iifname "lan" tcp dport 10310 redirect to :${PORT}
  }
}
`,
  });
  const proxy = nat.start([process.execPath, '-e', PROXY, hub]);
  await proxy.outputMatching(/listening/);
  return {
    async recordings(count) {
      const read = async () => (await nat.readFile(FILE).catch(() => '')).split('\n').filter(Boolean);
      await within(3000, `${count} recordings`, async () => (await read()).length >= count);
      return (await read()).map((line) => JSON.parse(line));
    },
    async close() {
      await nat.run(['nft', 'delete', 'table', 'ip', 'tap']);
      proxy.signal('SIGKILL');
      await proxy.exited;
    },
  };
}

const PROXY = `
const { connect, createServer } = require('node:net');
const { appendFileSync } = require('node:fs');
createServer((worker) => {
  const hub = connect(10310, process.argv[1]);
  const pieces = [];
  const pass = (of, from, to) => {
    from.on('data', (data) => { pieces.push({ of, bytes: data.toString('base64') }); to.write(data); });
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
  };
  pass('worker', worker, hub);
  pass('hub', hub, worker);
  worker.on('close', () => appendFileSync('${FILE}', JSON.stringify(pieces) + '\\n'));
}).listen(${PORT}, () => console.log('listening'));
`;

/** Says again what the worker has said, each piece when as much has come back as then, or soon after. */
export async function replay(host: LabHost, hub: string, recording: Recording): Promise<Replayed> {
  return JSON.parse(await host.run([process.execPath, '-e', REPLAY, hub, JSON.stringify(recording)]));
}

/** How many bytes the hub has answered, and whether it ended the connection by itself. */
export interface Replayed {
  readonly answered: number;
  readonly isRefused: boolean;
}

const REPLAY = `
const { connect } = require('node:net');
const { setTimeout: delay } = require('node:timers/promises');
const [, hub, text] = process.argv;
const socket = connect(10310, hub);
let answered = 0;
let isRefused = false;
socket.on('data', (data) => { answered += data.length; });
socket.on('error', () => { isRefused = true; });
socket.on('end', () => { isRefused = true; });
socket.on('connect', async () => {
  let due = 0;
  for (const { of, bytes } of JSON.parse(text)) {
    const data = Buffer.from(bytes, 'base64');
    if (of === 'worker') socket.write(data);
    else due += data.length;
    for (let times = 0; times < 10 && answered < due; times += 1) await delay(20);
  }
  await delay(200);
  console.log(JSON.stringify({ answered, isRefused }));
  socket.destroy();
});
`;
