import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { COLUMNS, EVENTS, places, SHAPES } from '../support/nat/cells.ts';
import { redirectAtHub } from '../support/nat/checks.ts';
import { formatGrid } from '../support/nat/grid-table.ts';
import { serveWorkers, workersFile } from '../support/nat/island-site.ts';
import { raiseSite, setMappingSeconds } from '../support/nat/site-lab.ts';
import {
  beQuiet,
  carryBytes,
  joinPlaces,
  KEEPALIVE_SECONDS,
  MEMORY_SECONDS,
  type Quiet,
  type Result,
  shortenMemory,
  strike,
  tryWays,
} from '../support/nat/stages.ts';

const ROWS = [...Object.keys(SHAPES), ...EVENTS];

describe('workers behind NATs', () => {
  let lab: Lab;
  let quiet: Quiet | undefined;
  const results: Result[] = [];
  const laps: string[] = [];

  beforeAll(async () => {
    lab = await createLab();
    let since = performance.now();
    const lap = (what: string) => {
      laps.push(`${what} ${((performance.now() - since) / 1000).toFixed(1)} s`);
      since = performance.now();
    };
    await lab.raise(modelNetwork({ nodes: [1], clusterHosts: 1, pdu: false }));
    const all = places();
    await Promise.all(all.map(({ site }) => raiseSite(lab, site)));
    await Promise.all(all.map(({ site }) => setMappingSeconds(lab, site, MEMORY_SECONDS)));
    const file = workersFile({ keepalive: `${KEEPALIVE_SECONDS}s` });
    const hub = await serveWorkers(lab, file, ['faraday', 'sopnode-w1', 'fit01']);
    await redirectAtHub(lab);
    lap('raise');
    const joined = await joinPlaces(lab, all, hub);
    results.push(...joined.results);
    lap('join');
    const shapeOf = ({ site }: (typeof joined.places)[number]) => site.shape;
    results.push(...(await tryWays(lab, joined.places, shapeOf)));
    lap('ways');
    results.push(...(await carryBytes(joined.places, 100)));
    lap('bytes');
    quiet = await beQuiet(lab, joined.places, { seconds: MEMORY_SECONDS + 3, neglected: 16 });
    results.push(...quiet.results);
    lap('quiet');
    results.push(...(await shortenMemory(lab, joined.places)));
    lap('short memory');
    results.push(...(await strike(lab, joined.places, 'conntrack flushed')));
    lap('flush');
    results.push(...(await strike(lab, joined.places, 'outer address changes')));
    lap('change');
  }, 300_000);

  afterAll(async () => {
    process.stderr.write(
      `\n${formatGrid(ROWS, results)}\nlongest silence of a worker: ${quiet?.silenceMs} ms\n${laps.join(', ')}\n`,
    );
    await lab?.close();
  });

  test.each(ROWS.flatMap((row) => COLUMNS.map((column) => [row, column] as const)))(
    '%s, and %i behind one address: everything passes, both ways',
    (row, column) => {
      const cell = results.filter((result) => result.row === row && result.column === column);
      expect(cell.length).toBeGreaterThan(0);
      expect(cell.flatMap(({ faults }) => faults)).toEqual([]);
    },
  );

  test('who is not looked after is forgotten by the NAT', () => {
    expect(quiet?.neglected).toHaveLength(Object.keys(SHAPES).length - 1);
    expect(quiet?.lost).toEqual(quiet?.neglected);
  });

  test('no worker that is looked after is silent for longer than the keepalive says', () => {
    const all = places().flatMap(({ site }) => site.workers).length;
    expect(quiet?.sources).toBe(all - (quiet?.neglected.length ?? 0));
    expect(quiet?.silenceMs).toBeLessThanOrEqual(KEEPALIVE_SECONDS * 1000);
  });
});
