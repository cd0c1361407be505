// Ten quiet minutes with nothing shortened, about 11 minutes in all. As root, after "npm run build":
//   npm run test:long
import { expect, test } from 'vitest';
import { withLab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { places } from '../support/nat/cells.ts';
import { redirectAtHub } from '../support/nat/checks.ts';
import { serveWorkers, workersFile } from '../support/nat/island-site.ts';
import { raiseSite } from '../support/nat/site-lab.ts';
import { beQuiet, joinPlaces } from '../support/nat/stages.ts';

const KEEPALIVE_SECONDS = 20;

test('after ten quiet minutes the hub speaks first, behind NATs as Linux has them', () =>
  withLab(modelNetwork({ nodes: [1], clusterHosts: 1, pdu: false }), async (lab) => {
    const pairs = places().filter(({ count }) => count === 2);
    await Promise.all(pairs.map(({ site }) => raiseSite(lab, site)));
    const file = workersFile({ keepalive: `${KEEPALIVE_SECONDS}s` });
    const hub = await serveWorkers(lab, file, ['faraday', 'sopnode-w1', 'fit01']);
    await redirectAtHub(lab);
    const joined = await joinPlaces(lab, pairs, hub);
    const quiet = await beQuiet(lab, joined.places, { seconds: 600, neglected: 2 });
    process.stderr.write(`\nlongest silence of a worker: ${quiet.silenceMs} ms\n`);
    expect(quiet.results.flatMap(({ faults }) => faults)).toEqual([]);
    expect(quiet.lost).toEqual(quiet.neglected);
    expect(quiet.silenceMs).toBeLessThanOrEqual(KEEPALIVE_SECONDS * 1000);
  }));
