import type { PortOwner } from '../model/endpoint.ts';
import type { Ipv4 } from '../model/ip.ts';

/** Something to ask of the network; whoever wants to know the same is told the same answer. */
export type Question = Ping | Refusal | Tcp | Udp | Echo | Lookup | NameOf | Dns | Holder;

/** ICMP echo; an answer has the size of the question. */
export interface Ping {
  readonly kind: 'ping';
  readonly address: Ipv4;
  /** The address or link it is sent from; the kernel's choice unless given. */
  readonly from?: string;
  /** Of the whole IPv4 packet; 84 unless given. No router may fragment one whose size is given. */
  readonly bytes?: number;
}

/** A ping into a link that answers nothing: whether the far end says that nobody there takes the link's packets. */
export interface Refusal {
  readonly kind: 'refusal';
  readonly address: Ipv4;
}

/** A TCP connection; a refusal comes from the host as well. */
export interface Tcp {
  readonly kind: 'tcp';
  readonly address: Ipv4;
  readonly port: number;
}

/** A UDP datagram to a port where nobody listens: the host says so. */
export interface Udp {
  readonly kind: 'udp';
  readonly address: Ipv4;
  /** The address it is sent from; the kernel's choice unless given. */
  readonly from?: string | undefined;
  readonly port: number;
}

/** What `island echo` sees of a datagram that makes a packet of so many bytes; its answer is small. */
export interface Echo {
  readonly kind: 'echo';
  readonly address: Ipv4;
  readonly port: number;
  readonly bytes: number;
}

/** A name, looked up as any program of this host does. */
export interface Lookup {
  readonly kind: 'lookup';
  readonly name: string;
}

/** The name of an address, looked up likewise. */
export interface NameOf {
  readonly kind: 'name';
  readonly address: Ipv4;
}

/** A name server, asked for the IPv4 addresses of a full name. */
export interface Dns {
  readonly kind: 'dns';
  readonly server: Ipv4;
  readonly name: string;
}

/** Which program of this host has the port of names at the address; root alone sees that. */
export interface Holder {
  readonly kind: 'holder';
  readonly address: Ipv4;
}

export type Answer =
  | {
      readonly state: 'answered';
      readonly ms: number;
      readonly seen?: Seen;
      /** Addresses of a name, or the name of an address. */
      readonly values?: readonly string[];
      readonly dns?: DnsVerdict;
      readonly holder?: PortOwner;
    }
  /** The host is there, and nobody listens at that port. */
  | { readonly state: 'refused'; readonly ms: number }
  /** Nothing came back in time. */
  | { readonly state: 'silent' }
  /** It could not be asked: no route, a packet larger than the link's MTU, a program that is not installed. */
  | { readonly state: 'unasked'; readonly reason: string };

/** What the far side saw. */
export interface Seen {
  readonly source: string;
  /** Of the whole IPv4 packet. */
  readonly bytes: number;
}

/** What a name server says of its answer. */
export interface DnsVerdict {
  /** By its name, `NXDOMAIN`. */
  readonly rcode: string;
  readonly isAuthoritative: boolean;
}

/** Two questions with one key are one question. */
export function questionKey(question: Question): string {
  switch (question.kind) {
    case 'ping':
      return `ping ${question.address} from ${question.from ?? 'any'} with ${question.bytes ?? 'few'} bytes`;
    case 'refusal':
      return `refusal ${question.address}`;
    case 'tcp':
      return `tcp ${question.address}:${question.port}`;
    case 'udp':
      return `udp ${question.address}:${question.port} from ${question.from ?? 'any'}`;
    case 'echo':
      return `echo ${question.address}:${question.port} with ${question.bytes} bytes`;
    case 'lookup':
      return `lookup ${question.name}`;
    case 'name':
      return `name of ${question.address}`;
    case 'dns':
      return `dns ${question.name} of ${question.server}`;
    case 'holder':
      return `holder of ${question.address}`;
  }
}
