import { isIPv6 } from 'node:net';
import { durationFault, durationMs } from '../model/duration.ts';
import { isIpv4 } from '../model/ip.ts';
import type { DnsRecord } from '../model/island.ts';
import { type Fault, isHostName } from '../model/names.ts';
import { LONGEST_NAME } from '../model/record-rules.ts';
import type { EntryFault } from './fault.ts';
import { isPort, isUint16 } from './values.ts';

interface RecordEntry {
  readonly type: DnsRecord['type'];
  readonly value: string;
}

export function recordFaults({ type, value }: RecordEntry): readonly EntryFault[] {
  const fault = recordFault(type, value);
  return fault === undefined ? [] : [{ ...fault, path: ['value'] }];
}

/** An owner name relative to the zone: labels, where services start with an underscore, or `@` for the zone itself. */
export function ownerFault(text: string): Fault | undefined {
  if (text === '@' || isRecordName(text)) return undefined;
  return {
    message: 'not a name of a record',
    hint: 'write it relative to the zone, such as api, or @ for the zone',
  };
}

/** DNS counts whole seconds. */
export function ttlFault(text: string): Fault | undefined {
  const fault = durationFault(text, ['1s', '24h'], '30s');
  if (fault !== undefined || durationMs(text) % 1000 === 0) return fault;
  return { message: 'not whole seconds', hint: `write ${Math.round(durationMs(text) / 1000)}s` };
}

/** The record in the one form that a value has, however it was written. */
export function recordOf(entry: DnsRecord, zone: string): DnsRecord {
  return { name: entry.name, type: entry.type, value: valueIn(entry, zone) };
}

function valueIn({ type, value }: RecordEntry, zone: string): string {
  switch (type) {
    case 'A':
    case 'TXT':
      return value;
    case 'AAAA':
      // RFC 5952, as browsers write it: two spellings of one address are one record.
      return new URL(`http://[${value}]`).hostname.slice(1, -1);
    case 'CNAME':
      return absolute(value, zone);
    case 'SRV': {
      const [priority, weight, port, target = ''] = value.split(' ');
      return `${Number(priority)} ${Number(weight)} ${Number(port)} ${absolute(target, zone)}`;
    }
  }
}

/** As in a zone file a name without a final dot is relative; but one that ends in the zone is meant to be in it. */
function absolute(target: string, zone: string): string {
  if (target.endsWith('.')) return target;
  if (target === '@' || target === zone) return `${zone}.`;
  return target.endsWith(`.${zone}`) ? `${target}.` : `${target}.${zone}.`;
}

function recordFault(type: RecordEntry['type'], value: string): Fault | undefined {
  const message = `not the value of a record of type ${type}`;
  switch (type) {
    case 'A':
      return isIpv4(value) ? undefined : { message, hint: 'write an IPv4 address, such as 192.168.3.10' };
    case 'AAAA':
      // A link's name behind a percent sign means something on one host only.
      return isIPv6(value) && !value.includes('%')
        ? undefined
        : { message, hint: 'write an IPv6 address, such as fd00::10' };
    case 'CNAME':
      return isTarget(value) ? undefined : { message, hint: 'write a name in lower case, such as fit01' };
    case 'TXT':
      return Buffer.byteLength(value) <= 255 ? undefined : { message, hint: 'shorten it to 255 bytes' };
    case 'SRV':
      return isService(value)
        ? undefined
        : { message, hint: 'write priority, weight, port and name, such as "0 10 6443 sopnode-l1"' };
  }
}

function isService(value: string): boolean {
  const [priority = '', weight = '', port = '', target = '', ...rest] = value.split(' ');
  return [priority, weight].every(isUint16) && isPort(port) && isTarget(target) && rest.length === 0;
}

function isTarget(text: string): boolean {
  return text === '@' || isRecordName(text.replace(/\.$/, ''));
}

function isRecordName(text: string): boolean {
  return text.length <= LONGEST_NAME && text.split('.').every(isLabel);
}

function isLabel(text: string): boolean {
  return text.length <= 63 && isHostName(text.replace(/^_/, ''));
}
