// Runs as its own bundle: prints the milliseconds from an island, as the file on its standard input says it, to zones that
// questions can be answered from, in a process that has compiled nothing before; and how many records these have.
import { text } from 'node:stream/consumers';
import { loadIsland } from '../../src/config/load.ts';
import { compile } from '../../src/dns/compile.ts';
import { zonesOf } from '../../src/dns/zone.ts';

const island = loadIsland(await text(process.stdin), 'bench.yaml');
const started = performance.now();
const zones = zonesOf({ island, workers: [], serial: 1 });
compile(zones);
const ms = performance.now() - started;
process.stdout.write(JSON.stringify({ ms, records: zones.flatMap(({ records }) => records).length }));
