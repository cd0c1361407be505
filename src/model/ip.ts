import { IslandError } from '../errors.ts';

declare const brand: unique symbol;

/** A dotted-quad IPv4 address, already validated: `10.3.1.2`. */
export type Ipv4 = string & { readonly [brand]: 'Ipv4' };

/** A block of addresses in canonical form, host bits zero: `10.3.1.0/24`. */
export interface Subnet {
  readonly network: Ipv4;
  readonly prefix: number;
}

const DOT = 46;
const ZERO = 48;
const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const DOTTED_QUAD = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);

export function isIpv4(text: string): text is Ipv4 {
  return DOTTED_QUAD.test(text);
}

/** The address in `text`; E_CONFIG for anything but four decimal octets without leading zeros. */
export function parseIpv4(text: string): Ipv4 {
  if (!isIpv4(text)) {
    throw new IslandError('E_CONFIG', `not an IPv4 address: ${JSON.stringify(text)}`, {
      hint: 'write four numbers from 0 to 255, such as 138.96.245.50',
    });
  }
  return text;
}

/** The subnet in `text`; E_CONFIG when the prefix is not 0 to 32 or a host bit is set. */
export function parseSubnet(text: string): Subnet {
  const [address = '', length = '', ...rest] = text.split('/');
  if (!isIpv4(address) || !/^(?:\d|[12]\d|3[0-2])$/.test(length) || rest.length > 0) {
    throw new IslandError('E_CONFIG', `not an IPv4 subnet: ${JSON.stringify(text)}`, {
      hint: 'write an address, a slash and a prefix from 0 to 32, such as 192.168.3.0/24',
    });
  }
  const subnet = subnetOf(address, Number(length));
  if (subnet.network !== address) {
    throw new IslandError('E_CONFIG', `address bits behind the prefix: ${JSON.stringify(text)}`, {
      hint: `write ${formatSubnet(subnet)}`,
    });
  }
  return subnet;
}

export function formatSubnet(subnet: Subnet): string {
  return `${subnet.network}/${subnet.prefix}`;
}

/** 0 to 2^32 - 1. By character: a hub with ten thousand peers asks a million times. */
export function toNumber(address: Ipv4): number {
  let [value, octet] = [0, 0];
  for (let index = 0; index < address.length; index += 1) {
    const code = address.charCodeAt(index);
    if (code === DOT) [value, octet] = [value * 256 + octet, 0];
    else octet = octet * 10 + code - ZERO;
  }
  return value * 256 + octet;
}

export function fromNumber(value: number): Ipv4 {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}` as Ipv4;
}

/** The subnet of that prefix which holds `address`. */
export function subnetOf(address: Ipv4, prefix: number): Subnet {
  const size = 2 ** (32 - prefix);
  return { network: fromNumber(Math.floor(toNumber(address) / size) * size), prefix };
}

/** The subnet that holds just this address. */
export function hostSubnet(address: Ipv4): Subnet {
  return { network: address, prefix: 32 };
}

export function subnetSize(subnet: Subnet): number {
  return 2 ** (32 - subnet.prefix);
}

/** The highest address of the subnet: the broadcast address, where there is one. */
export function lastAddress(subnet: Subnet): Ipv4 {
  return fromNumber(toNumber(subnet.network) + subnetSize(subnet) - 1);
}

export function contains(subnet: Subnet, address: Ipv4): boolean {
  const size = subnetSize(subnet);
  return Math.floor(toNumber(address) / size) === Math.floor(toNumber(subnet.network) / size);
}

/** Whether every address of `inner` lies in `outer`; true for equal ones. */
export function covers(outer: Subnet, inner: Subnet): boolean {
  return inner.prefix >= outer.prefix && contains(outer, inner.network);
}

export function isLoopback(address: Ipv4): boolean {
  return address.startsWith('127.');
}

export function overlaps(a: Subnet, b: Subnet): boolean {
  return covers(a, b) || covers(b, a);
}

/** Whether a host may carry `address` in `subnet`: not the network and not the broadcast address (RFC 3021 exempts /31 and /32). */
export function isHostAddress(subnet: Subnet, address: Ipv4): boolean {
  if (!contains(subnet, address)) return false;
  return subnet.prefix >= 31 || (address !== subnet.network && address !== lastAddress(subnet));
}
