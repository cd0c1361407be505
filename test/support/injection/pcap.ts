/** The frames as a capture file (libpcap 2.4, Ethernet), which tcpreplay puts on a wire one by one. */
export function pcap(frames: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2c3d4, 0);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(0xffff, 16);
  head.writeUInt32LE(ETHERNET, 20);
  return Buffer.concat([head, ...frames.flatMap((frame) => [record(frame.length), frame])]);
}

const ETHERNET = 1;

/** Captured at time 0, as long as it was. */
function record(length: number): Buffer {
  const head = Buffer.alloc(16);
  head.writeUInt32LE(length, 8);
  head.writeUInt32LE(length, 12);
  return head;
}
