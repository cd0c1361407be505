import * as z from 'zod/mini';
import { type ErrorCode, EXIT } from '../errors.ts';
import { type Ipv4, isIpv4, parseSubnet } from '../model/ip.ts';
import { isHostName, isIslandName } from '../model/names.ts';

/**
 * Only TLS 1.3, whose pre-shared keys go with a fresh (EC)DHE exchange, and the one cipher whose hash
 * an external key is bound to (RFC 8446, 4.2.11): with another the key would be passed over.
 */
export const TLS = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256',
} as const;

export const KEY_BYTES = 32;

/** A request names a host, its addresses and its ranges. */
export const MAX_REQUEST_BYTES = 16 * 1024;

/** The answer to hello carries the island's file. */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** RFC 8446 sets no limit worth the name, OpenSSL 256 bytes; ours are short words. */
export function isIdentity(text: string): boolean {
  return /^(?:token|lease):[a-z0-9-]{1,63}$/.test(text);
}

const ipv4 = z.custom<Ipv4>((value) => typeof value === 'string' && isIpv4(value), 'not an IPv4 address');
const hostName = z.string().check(z.refine(isHostName, 'not a host name'));
const range = z.string().check(z.refine(isSubnet, 'not an IPv4 subnet'));
const mac = z.string().check(z.regex(/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/, 'not a MAC address'));
const key = z.string().check(z.regex(/^[\w-]{43}$/, 'not a key'));

const helloRequest = z.strictObject({
  name: hostName,
  /** Its own, whatever a NAT makes of them. */
  addresses: z.array(ipv4).check(z.maxLength(256, 'more than 256 addresses')),
});

const helloAnswer = z.object({
  island: z.string().check(z.refine(isIslandName, 'not a name of an island')),
  /** `worker` by a link of its own, `member` through a gateway of its LAN, `listed` with a place of its own in the file. */
  role: z.enum(['worker', 'member', 'listed']),
  /** The island's file as the hub has it. */
  config: z.string(),
  /** Where the request came from: the address of the last NAT in between. */
  sawYou: ipv4,
  /** For a member: the address by which its gateway answers when this really is its LAN. */
  nextHop: z.optional(ipv4),
});

const joinRequest = z.strictObject({
  name: hostName,
  /** Stands for the machine, so that it may take its own name again. */
  machine: z.optional(z.string().check(z.regex(/^[\w-]{1,128}$/, 'not the hash of a machine id'))),
  routes: z.array(range).check(z.maxLength(256, 'more than 256 ranges')),
  takeover: z.boolean(),
});

const joinAnswer = z.object({
  name: hostName,
  inner: ipv4,
  /** Of the worker's link, and of the hub's: both secret. */
  mac,
  hubMac: mac,
  /** Of the identity `lease:<name>`, base64url. */
  key,
});

const nothing = z.strictObject({});

/** What can be asked, by name: the shape of the request, and of the answer. */
export const CALLS = {
  hello: { path: '/v1/hello', request: helloRequest, answer: helloAnswer },
  join: { path: '/v1/join', request: joinRequest, answer: joinAnswer },
  release: { path: '/v1/release', request: nothing, answer: z.object({}) },
} as const;

export type Call = keyof typeof CALLS;
export type HelloRequest = z.output<typeof helloRequest>;
export type HelloAnswer = z.output<typeof helloAnswer>;
export type JoinRequest = z.output<typeof joinRequest>;
export type JoinAnswer = z.output<typeof joinAnswer>;

/** The body of an answer that is a refusal. */
export const refusalAnswer = z.object({
  error: z.object({
    code: z.enum(Object.keys(EXIT) as [ErrorCode, ...ErrorCode[]]),
    message: z.string().check(z.maxLength(2000)),
    hint: z.optional(z.string().check(z.maxLength(2000))),
  }),
});

/** Which call a path asks for. */
export function callAt(path: string): Call | undefined {
  return (Object.keys(CALLS) as Call[]).find((call) => CALLS[call].path === path);
}

/** What `text` says in the shape of `schema`, or the first thing that is wrong with it; never a value out of it. */
export function readWire<T extends z.ZodMiniType>(text: string, schema: T): Read<z.output<T>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { fault: 'it is not JSON' };
  }
  const result = schema.safeParse(value);
  if (result.success) return { value: result.data };
  const [issue] = result.error.issues;
  if (issue?.code === 'unrecognized_keys') return { fault: 'a key that this version does not know' };
  return { fault: [...(issue?.path ?? []), issue?.message].join(': ') };
}

export type Read<T> = { readonly value: T } | { readonly fault: string };

function isSubnet(text: string): boolean {
  try {
    parseSubnet(text);
    return true;
  } catch {
    return false;
  }
}
