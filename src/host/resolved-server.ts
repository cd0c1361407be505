/** AF_INET and AF_INET6. */
const [INET, INET6] = [2, 10];
const DNS_PORT = 53;

/** As on the bus: family, address, port (0 is the usual one), and the name that its certificate has to have. */
export type BusServer = readonly [family: number, address: Uint8Array, port: number, name: string];

/** As resolvectl writes it: `10.3.1.2`, `10.3.1.2:5353#dns.example`, `[fd00:0:0:0:0:0:0:1]:5353`. */
export function formatServer([family, bytes, port, name]: BusServer): string {
  const address = family === INET6 ? groupsOf(bytes).join(':') : bytes.join('.');
  const isUsual = port === 0 || port === DNS_PORT;
  const bracketed = family === INET6 ? `[${address}]` : address;
  return `${isUsual ? address : `${bracketed}:${port}`}${name === '' ? '' : `#${name}`}`;
}

/** What `formatServer` wrote. */
export function parseServer(text: string): BusServer {
  const [server = '', name = ''] = text.split('#');
  const {
    six,
    sixPort,
    four = server,
    fourPort,
  } = /^(?:\[(?<six>[^\]]*)\]:(?<sixPort>\d+)|(?<four>[\d.]+):(?<fourPort>\d+))$/.exec(server)?.groups ?? {};
  const address = six ?? four;
  const port = Number(sixPort ?? fourPort ?? 0);
  if (!address.includes(':')) return [INET, Buffer.from(address.split('.').map(Number)), port, name];
  const groups = address.split(':').map((group) => Number.parseInt(group, 16));
  return [INET6, Buffer.from(groups.flatMap((group) => [group >> 8, group & 255])), port, name];
}

function groupsOf(bytes: Uint8Array): string[] {
  return Array.from({ length: bytes.length / 2 }, (_, index) =>
    (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16),
  );
}
