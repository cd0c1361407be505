import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { type Holder, ownerOf } from '../../src/host/port-fix.ts';
import { portOwner } from '../../src/host/port-owner.ts';
import { socketsAt } from '../../src/host/port-table.ts';
import { parseIpv4 } from '../../src/model/ip.ts';

const HERE = { address: parseIpv4('127.0.0.1'), port: 53 };
const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';

/** A line of a machine with the low byte first, as the kernel prints it. */
function row(local: string, state: string, inode: number): string {
  const remote = local.replace(/.*:/, (address) => '0'.repeat(address.length - 1).concat(':'));
  return ` 42: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 2 0 0`;
}

test.runIf(process.arch === 'x64' || process.arch === 'arm64')(
  'in the way of 127.0.0.1:53 is who has that, then who has all addresses, and nobody else',
  () => {
    const udp = [
      ...[HEAD, row('00000000:0035', '07', 1), row('0100007F:0035', '07', 2), row('0100007F:0036', '07', 3)],
      ...[row('0101A8C0:0035', '07', 4), row(`${'0'.repeat(32)}:0035`, '07', 5)],
      ...[row('0000000000000000FFFF00000100007F:0035', '07', 6)],
      ...[row('00000000000000000000000001000000:0035', '07', 7), 'nonsense', ''],
    ].join('\n');
    const tcp = [row('0100007F:0035', '01', 8), row('0100007F:0035', '0A', 9)].join('\n');
    expect(socketsAt({ udp, tcp }, HERE).map(({ inode }) => Number(inode))).toEqual([2, 6, 9, 1, 5]);
  },
);

test('a program that has a port here, over UDP or TCP, at the address or at all, is found with its number', async () => {
  const udp = createSocket('udp4').bind(0, '127.0.0.1');
  const tcp = createServer().listen(0, '0.0.0.0');
  await Promise.all([once(udp, 'listening'), once(tcp, 'listening')]);
  const { port } = tcp.address() as { readonly port: number };
  try {
    expect((await portOwner({ ...HERE, port: udp.address().port }))?.who).toMatch(
      new RegExp(`\\(pid ${process.pid}\\) listens on 127\\.0\\.0\\.1$`),
    );
    expect((await portOwner({ ...HERE, port }))?.who).toMatch(
      new RegExp(`\\(pid ${process.pid}\\) listens on all addresses$`),
    );
    expect(await portOwner({ ...HERE, port: 0 })).toBeUndefined();
  } finally {
    udp.close();
    tcp.close();
  }
});

const INNER = { address: parseIpv4('10.3.1.3'), port: 53, link: 'isl-sopn-abcdef' };
const LAN = { address: parseIpv4('192.168.3.100'), port: 53, link: 'eth1' };

function holder(name: string, more: Partial<Holder> = {}): Holder {
  return { name, pid: 812, isWildcard: true, unit: `${name}.service`, command: [name], ...more };
}

test.each([
  [
    'dnsmasq of Debian',
    holder('dnsmasq', { command: ['dnsmasq', '-x', '/run/x', '-7', '/etc/dnsmasq.d,.dpkg-dist'] }),
    INNER,
    `run "printf 'bind-dynamic\\nexcept-interface=isl-*\\n' >>/etc/dnsmasq.d/island.conf && systemctl restart dnsmasq.service"`,
  ],
  [
    'dnsmasq with one socket for each address, and another file, on a LAN',
    holder('dnsmasq', { isWildcard: false, unit: undefined, command: ['dnsmasq', '--conf-file=/a b'] }),
    LAN,
    `take 192.168.3.100 out of "dns: listen:"; or run "printf 'except-interface=eth1\\n' >>/a b && systemctl restart dnsmasq", where it serves no names and no DHCP on eth1 then`,
  ],
  ['dnsmasq without options', holder('dnsmasq'), INNER, '>>/etc/dnsmasq.conf &&'],
  [
    'dnsmasq of the host itself',
    holder('dnsmasq'),
    { ...HERE, link: 'lo' },
    'take 127.0.0.1 out of "dns: listen:"',
  ],
  ['named', holder('named'), INNER, '"listen-on { !10.3.1.3; any; };"'],
  ['unbound', holder('unbound'), INNER, '"systemctl restart unbound.service"'],
  ['systemd-resolved', holder('systemd-resolve', { unit: undefined }), LAN, 'DNSStubListenerExtra='],
  ['systemd', holder('systemd', { unit: undefined }), INNER, '"systemctl list-sockets"'],
  ['another', holder('coredns'), INNER, 'make coredns listen at other addresses than 10.3.1.3'],
])('what makes %s let go of an address is said', (_, has, wanted, hint) => {
  const owner = ownerOf(has, wanted);
  expect(owner.who).toBe(
    `${has.name} (pid 812) listens on ${has.isWildcard ? 'all addresses' : wanted.address}`,
  );
  expect(owner.hint).toContain(hint);
});
