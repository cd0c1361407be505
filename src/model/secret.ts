/**
 * The MACs of workers and of the hub's link to them: random, unicast and locally administered, and with another
 * first byte than the MACs of static links, which everybody can derive (addressing.ts, macOf). That is how they are
 * known here.
 */
const SECRET_MAC = /(?!02:)[0-9a-f][26ae](?::[0-9a-f]{2}){5}/gi;
const ONLY_SECRET_MAC = /^(?!02:)[0-9a-f][26ae](?::[0-9a-f]{2}){5}$/;
/** As numbers, which nft wants of what it reads at an offset; nothing else of ours is as long. */
const SECRET_NUMBER = /0x[0-9a-f]{11,}/gi;

const IN_ITS_PLACE = '(secret)';

/** The text with `(secret)` in place of each secret MAC: whatever shows commands, or errors about them, asks this. */
export function withoutSecrets(text: string): string {
  const hidden = text.replace(SECRET_MAC, IN_ITS_PLACE).replace(SECRET_NUMBER, IN_ITS_PLACE);
  return hidden.includes(IN_ITS_PLACE) ? hidden.split('\n').map(withoutMark).join('\n') : hidden;
}

/** The mark of a rule is a hash of its words (plan/ruleset-parts.ts): of those with a secret, two tell what it is. */
function withoutMark(line: string): string {
  return line.includes(IN_ITS_PLACE) ? line.replace(/\[[0-9a-f]{8}\]/g, `[${IN_ITS_PLACE}]`) : line;
}

/** Of a MAC that a cut has shortened, or that a tool has printed as a decimal number. */
const PIECE_OF_SECRET = /[0-9a-f]{0,2}(?::[0-9a-f]{1,2})+:?|[0-9a-f]{2}:(?=$|")|\d{4,}/gi;

/** The same of what was cut out of the output of a tool: what may be a part of a secret goes, too. */
export function withoutPieces(text: string): string {
  return withoutSecrets(text).replace(PIECE_OF_SECRET, IN_ITS_PLACE);
}

/** Whether it is a MAC that `withoutSecrets` hides: no other may be anybody's secret. */
export function isSecretMac(text: string): boolean {
  return ONLY_SECRET_MAC.test(text);
}

/** Nearly 46 random bits as a MAC, unicast and locally administered; `random` are 6 bytes. */
export function secretMacOf(random: Uint8Array): string {
  const bytes = [...random.subarray(0, 6)];
  const first = ((bytes[0] ?? 0) & 0xfc) | 0x02;
  const others = bytes.slice(1).map((byte) => byte.toString(16).padStart(2, '0'));
  // 0x02 is the first byte of static links.
  return [(first === 0x02 ? 0x06 : first).toString(16).padStart(2, '0'), ...others].join(':');
}

/** The number that nft writes for a MAC: `0xe0102030405` for `0e:01:02:03:04:05`. */
export function macNumber(mac: string): string {
  return `0x${BigInt(`0x${mac.replaceAll(':', '')}`).toString(16)}`;
}
