import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFramer, framed } from '../../src/dns/framing.ts';

test('whatever the pieces in which a stream arrives, the same messages are in it', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 });
  const cuts = fc.array(fc.nat(2500), { maxLength: 40 });
  fc.assert(
    fc.property(messages, cuts, (sent, at) => {
      const stream = Buffer.concat(sent.map(framed));
      const ends = [...new Set([...at.filter((cut) => cut < stream.length), stream.length])];
      const framer = createFramer();
      const received: Uint8Array[] = [];
      let start = 0;
      for (const end of ends.toSorted((a, b) => a - b)) {
        framer.push(stream.subarray(start, end));
        start = end;
        for (let next = framer.next(); next !== undefined; next = framer.next()) received.push(next);
      }
      expect(received.map((each) => Buffer.from(each))).toEqual(sent.map((each) => Buffer.from(each)));
    }),
  );
});
