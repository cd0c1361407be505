import type { Accept, Rule } from './resource.ts';

/** The chain of an accept, as in `FORWARD of ip filter`. */
export function placeOf({ tool, family, table, chain }: Accept): string {
  return `${chain} of ${tool === 'nft' ? `${family} ${table}` : tool}`;
}

/** A rule's selectors in the words of `ip rule`; `from all` when it has none. */
export function selectorOf({ from, to, protocol, port, destinationPort }: Rule): string {
  const words = [`from ${from ?? 'all'}`];
  if (to !== undefined) words.push(`to ${to}`);
  if (protocol !== undefined) words.push(`ipproto ${protocolWord(protocol)}`);
  if (port !== undefined) words.push(`sport ${port} dport ${port}`);
  if (destinationPort !== undefined) words.push(`dport ${destinationPort}`);
  return words.join(' ');
}

function protocolWord(protocol: number): string {
  return { 6: 'tcp', 17: 'udp' }[protocol] ?? String(protocol);
}
