/** Numbers from 0 to below a limit, always the same for a seed (mulberry32). */
export type Random = (limit: number) => number;

export function randomFrom(seed: number): Random {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

/** Counts, lengths, pointers and types at which something else begins. */
const NUMBERS = [0, 1, 2, 11, 12, 41, 63, 64, 191, 192, 250, 251, 255, 256, 511, 512, 0xc00c, 0xc00d, 0xffff];

/** One of the packets with one to three changes; the packets are left as they are. */
export function mutantOf(packets: readonly Buffer[], random: Random): Buffer {
  const one = () => packets[random(packets.length)] ?? Buffer.alloc(0);
  let packet: Buffer = Buffer.from(one());
  for (let changes = 1 + random(3); changes > 0; changes -= 1) packet = changed(packet, one(), random);
  return packet;
}

function changed(packet: Buffer, other: Buffer, random: Random): Buffer {
  const at = random(packet.length + 1);
  switch (random(7)) {
    case 0:
      packet[at] = (packet[at] ?? 0) ^ (1 << random(8));
      return packet;
    case 1:
      packet[at] = random(256);
      return packet;
    case 2:
      if (at + 2 <= packet.length) packet.writeUInt16BE(NUMBERS[random(NUMBERS.length)] ?? 0, at);
      return packet;
    case 3:
      return packet.subarray(0, at);
    case 4:
      return Buffer.concat([packet.subarray(0, at), noise(1 + random(8), random), packet.subarray(at)]);
    case 5:
      return Buffer.concat([packet.subarray(0, at), other.subarray(random(other.length + 1))]);
    default:
      return Buffer.concat([packet, random(2) === 0 ? noise(random(400), random) : other]);
  }
}

function noise(length: number, random: Random): Buffer {
  return Buffer.alloc(length, random(256));
}
