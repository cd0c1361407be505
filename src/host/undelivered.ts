import { readFileSync } from 'node:fs';

/** How many ICMP messages told this network namespace that something could not be delivered (RFC 4293, type 3). */
export function undelivered(): number {
  const lines = readFileSync('/proc/net/snmp', 'utf8').split('\n');
  const [names = [], values = []] = lines
    .filter((line) => line.startsWith('Icmp:'))
    .map((line) => line.split(' '));
  return Number(values[names.indexOf('InDestUnreachs')] ?? 0);
}
