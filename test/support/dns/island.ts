import { loadIsland } from '../../../src/config/load.ts';
import { compile } from '../../../src/dns/compile.ts';
import type { CompiledZones } from '../../../src/dns/compiled.ts';
import { type Zone, type ZoneSetting, zonesOf } from '../../../src/dns/zone.ts';
import type { Island } from '../../../src/model/island.ts';
import { modelFile } from '../island.ts';

/** The model network with workers, and with records of every type, names without records, and sets of every size. */
export function namedIsland(): Island {
  return loadIsland(`${modelFile('vxlan')}workers: { pool: 10.3.1.64/26 }\n${RECORDS}`, 'r2lab.yaml');
}

/** What it serves; `workers` are undefined until they are known. */
export function namedZones(setting: Partial<ZoneSetting> = {}): readonly Zone[] {
  return zonesOf({ island: namedIsland(), workers: [], serial: 7, ...setting });
}

export function compiledZones(setting: Partial<ZoneSetting> = {}): CompiledZones {
  return compile(namedZones(setting));
}

const RECORDS = `dns:
  negativeTtl: 5s
  records:
    - { name: api, type: CNAME, value: fit01 }
    - { name: www, type: CNAME, value: api }
    - { name: out, type: CNAME, value: www.example.com. }
    - { name: later, type: CNAME, value: fit99 }
    - { name: six, type: AAAA, value: "FD00::0:1" }
    - { name: six, value: 10.9.9.9 }
    - { name: note, type: TXT, value: 'a "quote", a \\ and ü' }
    - { name: _ldap._tcp, type: SRV, value: 1 20 389 fit02 }
    - { name: deep.down.there, value: 10.9.9.8 }
    - { name: to-crowd, type: CNAME, value: crowd }
${[...aliases('long', 8), ...addresses('few', 31), ...addresses('many', 70), ...addresses('crowd', 200)].join('')}`;

/** `long1` leads to fit01, and each further one to the one before it. */
function aliases(name: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => {
    const target = index === 0 ? 'fit01' : `${name}${index}`;
    return `    - { name: ${name}${index + 1}, type: CNAME, value: ${target} }\n`;
  });
}

/** An address is 16 bytes of an answer. */
function addresses(name: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `    - { name: ${name}, value: 10.9.8.${index} }\n`);
}
