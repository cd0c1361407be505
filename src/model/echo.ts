/** IPv4 20 and UDP 8 bytes. */
export const UDP_HEADERS = 28;

const WORD = 'island-echo';

/** What `island echo` sends to the far ends of its links, so that who hears nobody answer still hears it. No answer. */
export const GREETING = `${WORD} is here\n`;

/** What is asked of `island echo`: a datagram that makes a packet of `bytes`, with `id` to know the answer by. */
export function formatRequest(id: string, bytes: number): string {
  return `${WORD} ${id}\n`.padEnd(bytes - UDP_HEADERS, '.');
}

/** The answer to `request`; undefined for what is no request. Never longer than what it answers, but for the address. */
export function answerTo(request: string, { source, bytes }: EchoSeen): string | undefined {
  const id = /^island-echo (?<id>[a-z0-9]{1,16})\n/.exec(request)?.groups?.['id'];
  return id === undefined ? undefined : `${WORD} ${id} ${source} ${bytes}\n`;
}

/** What the far side saw: where the packet came from, and how large it was. */
export interface EchoSeen {
  readonly source: string;
  readonly bytes: number;
}

/** What an answer to the request with that `id` says; undefined for anything else. */
export function parseAnswer(text: string, id: string): EchoSeen | undefined {
  const match = /^island-echo (?<id>[a-z0-9]{1,16}) (?<source>[\d.]{7,15}) (?<bytes>\d{1,5})\n$/.exec(text);
  const { id: found, source, bytes } = match?.groups ?? {};
  return found !== id || source === undefined ? undefined : { source, bytes: Number(bytes) };
}
