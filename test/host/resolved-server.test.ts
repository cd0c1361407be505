import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatServer, parseServer } from '../../src/host/resolved-server.ts';

test('a server of systemd-resolved is the same after it was written down and read, as resolvectl has it', () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  const port = fc.integer({ min: 0, max: 65_535 }).filter((each) => each !== 53);
  const name = fc.constantFrom('', 'dns.example');
  const server = fc.oneof(
    fc.tuple(fc.constant(2), bytes(4), port, name),
    fc.tuple(fc.constant(10), bytes(16), port, name),
  );
  fc.assert(
    fc.property(server, ([family, address, ...rest]) => {
      expect(parseServer(formatServer([family, address, ...rest]))).toEqual([
        ...[family, Buffer.from(address), ...rest],
      ]);
    }),
  );
  expect(formatServer([2, Uint8Array.of(10, 3, 1, 2), 53, ''])).toBe('10.3.1.2');
  expect(formatServer([2, Uint8Array.of(10, 3, 1, 2), 5353, 'x'])).toBe('10.3.1.2:5353#x');
});
