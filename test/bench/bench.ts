// Measures what docs/benchmarks.md promises, and prints one table.
import { arch, cpus, release } from 'node:os';
import { measureDaemon } from './daemon.ts';
import { measureDns } from './dns.ts';
import { measureFirewalls } from './firewalls.ts';
import { measureGuard } from './guard.ts';
import { measureJoin } from './join.ts';
import { measureProcesses } from './processes.ts';
import { formatReport, type Row } from './report.ts';
import { measureScale } from './scale.ts';
import { measureStartup } from './startup.ts';
import { measureTest } from './test.ts';
import { measureIpip, measureVxlan } from './throughput.ts';
import { measureWorkers } from './workers.ts';

const GROUPS: Readonly<Record<string, readonly (() => Promise<readonly Row[]>)[]>> = {
  daemon: [measureDaemon],
  dns: [measureDns],
  firewalls: [measureFirewalls],
  guard: [measureGuard],
  join: [measureJoin],
  processes: [measureProcesses],
  scale: [measureScale],
  startup: [measureStartup],
  test: [measureTest],
  throughput: [measureVxlan, measureIpip],
  workers: [measureWorkers],
};

process.exitCode = await measure(process.argv.slice(2));
process.exit();

async function measure(names: readonly string[]): Promise<number> {
  const unknown = names.find((name) => !(name in GROUPS));
  if (unknown !== undefined) {
    process.stderr.write(`bench: no such group: ${unknown}\nhint: name ${Object.keys(GROUPS).join(', ')}\n`);
    return 64;
  }
  const chosen = Object.keys(GROUPS).filter((name) => names.length === 0 || names.includes(name));
  const rows: Row[] = [];
  let failed = false;
  for (const [name, part] of chosen.flatMap(partsOf)) {
    process.stderr.write(`bench: ${name}\n`);
    try {
      rows.push(...(await part()));
    } catch (error) {
      failed = true;
      process.stderr.write(`bench: ${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  const kernel = `Linux ${release().replace(/-.*/, '')} ${arch()}`;
  process.stdout.write(
    `${cpus().length} processors, ${kernel}, Node ${process.version}\n\n${formatReport(rows)}`,
  );
  return failed ? 1 : 0;
}

function partsOf(name: string) {
  return (GROUPS[name] ?? []).map((part) => [name, part] as const);
}
