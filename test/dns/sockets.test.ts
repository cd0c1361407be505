import { expect, test } from 'vitest';
import { passedSockets } from '../../src/dns/sockets.ts';

test.each([
  ['those named dns, of several', { pid: '7', fds: '4', names: 'dns:api:dns:dns' }, [3, 5, 6]],
  ['none beyond the count', { pid: '7', fds: '1', names: 'dns:dns' }, [3]],
  ['none of those without a name', { pid: '7', fds: '2', names: undefined }, []],
  ["none that are another process's", { pid: '8', fds: '1', names: 'dns' }, []],
  ['none without a pid', { pid: undefined, fds: '1', names: 'dns' }, []],
  ['none where the count is none', { pid: '7', fds: '-1', names: 'dns' }, []],
  ['none outside of systemd', { pid: undefined, fds: undefined, names: undefined }, []],
])('of the sockets that systemd passes, ours are %s', (_, variables, descriptors) => {
  expect(passedSockets(variables, 7)).toEqual(descriptors);
});
