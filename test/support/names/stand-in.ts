import { createSocket } from 'node:dgram';

/**
 * A DNS server that knows one thing: `node stand-in.mjs 10.3.1.2 r2lab.internal 192.168.3.1` listens at the first address,
 * says that every name below the domain is the second one, refuses others, and prints whatever it is asked.
 */
const [listens = '', domain = '', address = ''] = process.argv.slice(2);

const server = createSocket('udp4', (query, asker) => {
  const { name, type, end } = questionIn(query);
  process.stdout.write(`asked ${name}\n`);
  const isOurs = name === domain || name.endsWith(`.${domain}`);
  const answers = isOurs && type === A ? [record(address)] : [];
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  // Flags of RFC 1035 section 4.1.1: a response, authoritative, and REFUSED where it is not.
  header.writeUInt16BE(isOurs ? 0x8400 : 0x8005, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(answers.length, 6);
  server.send(Buffer.concat([header, query.subarray(12, end), ...answers]), asker.port, asker.address);
});
server.bind(53, listens, () => process.stdout.write('listens\n'));

const A = 1;

function questionIn(query: Buffer): { readonly name: string; readonly type: number; readonly end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  return { name: labels.join('.'), type: query.readUInt16BE(at + 1), end: at + 5 };
}

/** The name of the question, A, IN, no time to live, four bytes. */
function record(value: string): Buffer {
  return Buffer.from([0xc0, 12, 0, A, 0, 1, 0, 0, 0, 0, 0, 4, ...value.split('.').map(Number)]);
}
