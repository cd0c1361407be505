import { loadIsland } from '../../../src/config/load.ts';
import { type Zone, zonesOf } from '../../../src/dns/zone.ts';
import { parseIpv4 } from '../../../src/model/ip.ts';

/** Strings of 200 bytes, each another one: so many of them are a set of records of that size and a little more. */
function texts(name: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => {
    const value = `${index} `.padEnd(200, 'x');
    return `    - { name: ${name}, type: TXT, value: "${value}" }\n`;
  });
}

/** `alias-1` to the last one, each to the one before it, and the first to a host. */
function aliases(count: number): string {
  return Array.from({ length: count }, (_, index) => {
    const target = index === 0 ? 'fit07' : `alias-${index}`;
    return `    - { name: alias-${index + 1}, type: CNAME, value: ${target} }\n`;
  }).join('');
}

/** An island with every kind of record, and sets that are too large for a datagram without EDNS, with it, and with any. */
export const FILE = `island: r2lab
hub:
  name: sopnode-l1
  outer: 138.96.245.50
  inner: 10.3.1.2
  networks:
    - subnet: 138.96.245.0/24
peers:
  - name: faraday
    outer: 138.96.16.97
    inner: 10.3.1.3
    networks:
      - { subnet: 192.168.3.0/24, gateway: 192.168.3.100 }
hosts:
  - { name: "fit[01-37]", address: "192.168.3.[1-37]" }
  - { name: "sopnode-w[1-3]", address: "138.96.245.[51-53]" }
link: vxlan
workers: { pool: 10.3.1.64/26 }
dns:
  records:
    - { name: "@", type: TXT, value: an island }
    - { name: note, type: TXT, value: 'a "quote", a \\ backslash; a semicolon, and ü' }
    - { name: pool, type: AAAA, value: "2001:db8::1" }
    - { name: pool, value: 192.168.3.11 }
    - { name: pool, value: 192.168.3.12 }
    - { name: pool, value: 192.168.3.13 }
    - { name: fit08, type: TXT, value: a host with a text }
    - { name: a.b.deep, value: 10.3.1.200 }
    - { name: _ldap._tcp, type: SRV, value: 0 100 389 faraday }
    - { name: _ldap._tcp, type: SRV, value: 1 100 389 ldap.example.org. }
    - { name: gitlab, type: CNAME, value: sopnode-l1 }
    - { name: www, type: CNAME, value: gitlab }
    - { name: mirror, type: CNAME, value: mirror.example.org. }
    - { name: far, type: CNAME, value: mirror }
    - { name: dangling, type: CNAME, value: fit99 }
    - { name: back, type: CNAME, value: 7.3.168.192.in-addr.arpa. }
    - { name: home, type: CNAME, value: "@" }
    - { name: big-alias, type: CNAME, value: big }
    - { name: huge-alias, type: CNAME, value: huge }
    - { name: vast-alias, type: CNAME, value: vast }
${aliases(16)}${[...texts('big', 4), ...texts('huge', 8), ...texts('vast', 25)].join('')}`;

/** Its zones, with two workers. */
export function zones(): readonly Zone[] {
  const island = loadIsland(FILE, 'r2lab.yaml');
  const workers = [
    { name: 'fit38', inner: parseIpv4('10.3.1.64') },
    { name: 'laptop', inner: parseIpv4('10.3.1.65') },
  ];
  return zonesOf({ island, workers, serial: 1_700_000_000 });
}
