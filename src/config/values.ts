import {
  contains,
  formatSubnet,
  isHostAddress,
  isIpv4,
  isLoopback,
  overlaps,
  parseIpv4,
  parseSubnet,
  type Subnet,
  subnetOf,
} from '../model/ip.ts';
import {
  expandRange,
  type Fault,
  isHostName,
  isIslandName,
  nameFault,
  rangeEnds,
  rangeFault,
} from '../model/names.ts';

/** UDP ports on which CNIs run their own vxlan devices: IANA's and Linux's old default. */
export const CNI_PORTS: readonly number[] = [4789, 8472];

/** The port of an island whose file names none; a worker that is told no other asks the hub there. */
export const DEFAULT_PORT = 10_310;

const RESERVED: readonly (readonly [string, Subnet])[] = [
  ['"this network"', parseSubnet('0.0.0.0/8')],
  ['loopback', parseSubnet('127.0.0.0/8')],
  ['multicast', parseSubnet('224.0.0.0/4')],
  ['reserved', parseSubnet('240.0.0.0/4')],
];

/** Why `text` is no address that a host can have; undefined when it is one. */
export function addressFault(text: string): Fault | undefined {
  if (!isIpv4(text)) return { message: 'not an IPv4 address', hint: addressHint(text) };
  const [kind] = RESERVED.find(([, range]) => contains(range, text)) ?? [];
  return kind === undefined
    ? undefined
    : {
        message: `not an address of a host: it is ${kind}`,
        hint: 'write the address that "ip address" shows',
      };
}

/** The same for what the responder listens on, where loopback is good for the programs of its own host. */
export function listenFault(text: string): Fault | undefined {
  return isIpv4(text) && isLoopback(text) ? undefined : addressFault(text);
}

/** Why `text` is no subnet that hosts can live in; undefined when it is one. */
export function subnetFault(text: string): Fault | undefined {
  const [address = '', length = '', ...rest] = text.split('/');
  if (!isIpv4(address) || !/^(?:\d|[12]\d|3[0-2])$/.test(length) || rest.length > 0) {
    const hint = isIpv4(text)
      ? `add the prefix, such as ${formatSubnet(subnetOf(parseIpv4(text), 24))}`
      : 'write an address, a slash and a prefix from 0 to 32, such as 192.168.3.0/24';
    return { message: 'not an IPv4 subnet', hint };
  }
  const subnet = subnetOf(address, Number(length));
  if (subnet.network !== address) {
    return { message: 'address bits behind the prefix', hint: `write ${formatSubnet(subnet)}` };
  }
  const [kind] = RESERVED.find(([, range]) => overlaps(range, subnet)) ?? [];
  return kind === undefined
    ? undefined
    : { message: `not a subnet of hosts: it holds ${kind} addresses`, hint: 'write the subnet of one LAN' };
}

/** A host name, or a range of them: each must be a DNS label. */
export function nameRangeFault(text: string): Fault | undefined {
  return rangeFault(text) ?? rangeEnds(text).map(nameFault).find(isFault);
}

/** An address, or a range of them. */
export function addressRangeFault(text: string): Fault | undefined {
  return rangeFault(text) ?? rangeEnds(text).map(addressFault).find(isFault);
}

/** A subnet, or a range of them. Both ends may be subnets where one between has address bits behind its prefix. */
export function subnetRangeFault(text: string): Fault | undefined {
  const fault = rangeFault(text) ?? rangeEnds(text).map(subnetFault).find(isFault);
  return fault ?? expandRange(text).map(subnetFault).find(isFault);
}

/** The island's name becomes a unit instance, a DNS label and a file name. */
export function islandNameFault(text: string): Fault | undefined {
  if (isIslandName(text)) return undefined;
  return {
    message: 'not a name for an island',
    hint: 'use a lower-case letter, then up to 30 letters, digits and hyphens, such as r2lab',
  };
}

/** A domain name whose longest host name still fits into the 253 characters of RFC 1035. */
export function zoneFault(text: string): Fault | undefined {
  const message = 'not a zone';
  if (text.endsWith('.')) return { message, hint: `leave out the last dot: ${text.replace(/\.+$/, '')}` };
  if (text.toLowerCase() !== text) return { message, hint: `write it in lower case: ${text.toLowerCase()}` };
  if (!isDomainName(text)) return { message, hint: 'write labels joined by dots, such as r2lab.internal' };
  if (text.length > 189) return { message: 'zone is too long', hint: 'shorten it to 189 characters' };
  // The reverse zones of the island are its own doing, and nothing else may stand in them.
  if (/(?:^|\.)(?:in-addr|ip6)\.arpa$/.test(text)) {
    return { message: 'zone of addresses', hint: 'write a zone of names, such as r2lab.internal' };
  }
  // RFC 6762 section 3: resolvers ask the LAN by multicast for these, and never a server.
  if (/(?:^|\.)local$/.test(text)) {
    return { message: 'zone belongs to multicast DNS', hint: `write ${text.replace(/local$/, 'internal')}` };
  }
  return undefined;
}

export function isDomainName(text: string): boolean {
  return text.length <= 253 && text.split('.').every(isHostName);
}

/** As it is written: a port that something listens on. */
export function isPort(text: string): boolean {
  return isUint16(text) && Number(text) > 0;
}

export function isUint16(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535;
}

/** Why `port` cannot carry an island; undefined when it can. */
export function portFault(port: number): Fault | undefined {
  const hint = 'write a number from 1024 to 65535, such as 10310';
  if (!Number.isInteger(port) || port < 1024 || port > 65_535)
    return { message: 'not a port for an island', hint };
  return CNI_PORTS.includes(port)
    ? { message: 'port belongs to the vxlan devices of CNIs', hint }
    : undefined;
}

/** Why `mtu` is no MTU of an underlay; undefined when it is one. RFC 791: every IPv4 host takes 576 bytes. */
export function mtuFault(mtu: number): Fault | undefined {
  return Number.isInteger(mtu) && mtu >= 576 && mtu <= 65_535
    ? undefined
    : { message: 'not an MTU', hint: 'write a number of bytes from 576 to 65535, such as 1500' };
}

/** `gateway` as the next hop of `subnet`; both are valid already. */
export function gatewayFault(subnet: Subnet, gateway: string): Fault | undefined {
  const address = parseIpv4(gateway);
  const within = formatSubnet(subnet);
  if (!contains(subnet, address)) {
    return {
      message: `outside its network ${within}`,
      hint: `write the address that the gateway has in ${within}`,
    };
  }
  return isHostAddress(subnet, address)
    ? undefined
    : {
        message: `the network or broadcast address of ${within}`,
        hint: `write the address that the gateway has in ${within}`,
      };
}

function isFault(fault: Fault | undefined): boolean {
  return fault !== undefined;
}

function addressHint(text: string): string {
  const octets = text.split('.');
  if (text.includes('/')) return `leave out the prefix: ${text.split('/')[0]}`;
  if (text.includes(':')) return 'write the IPv4 address: islands carry IPv4 only';
  if (octets.length === 4 && octets.every((octet) => /^\d+$/.test(octet))) {
    return octets.some((octet) => Number(octet) > 255)
      ? 'each part is 0 to 255'
      : `leave out the zeros in front: ${octets.map(Number).join('.')}`;
  }
  return 'write four numbers from 0 to 255, such as 138.96.245.50';
}
