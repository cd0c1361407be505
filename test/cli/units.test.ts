import { expect, test } from 'vitest';
import { disable } from '../../src/app/disable.ts';
import { enable } from '../../src/app/enable.ts';
import { join } from '../../src/app/join.ts';
import { status } from '../../src/app/status.ts';
import { renderStatus } from '../../src/cli/render/status.ts';
import {
  disabledLines,
  disableJson,
  enabledLines,
  enableJson,
  unitLines,
} from '../../src/cli/render/units.ts';
import { hostWithFile } from '../support/fake-site.ts';
import { fakeSystemd } from '../support/fake-systemd.ts';
import { modelFile } from '../support/island.ts';

const TEXT = modelFile('vxlan');
const WISH = { term: 'persistent', now: true } as const;
const RUN = { now: true, ms: 7 };

test('what enable and disable did is one line, and the same for programs', async () => {
  const { host } = fakeSystemd(hostWithFile('faraday', TEXT).host);
  const enabled = await enable(host, WISH);
  const place = 'faraday is a gateway of r2lab';
  expect(enabledLines(enabled, RUN)).toEqual([
    `${place}: enabled at every boot and joined, not reached yet sopnode-l1 (7 ms)`,
  ]);
  expect(enableJson(enabled, RUN)).toMatchObject({
    ...{ island: 'r2lab', name: 'faraday', term: 'persistent', changed: true, foreign: [] },
    reached: [{ name: 'sopnode-l1', inner: '10.3.1.2', rttMs: null }],
  });
  const again = await enable(host, WISH);
  expect(enabledLines(again, RUN)).toEqual([`${place}: nothing to do, not reached yet sopnode-l1 (7 ms)`]);
  expect(enableJson(again, RUN)).toMatchObject({ changed: false, steps: [] });
  const later = await disable(host, {});
  expect(disabledLines(later, { ms: 7 })).toEqual([
    'r2lab: disabled; until the next boot it stays as it is, "island disable --now" leaves now (7 ms)',
  ]);
  const gone = await disable(host, { now: true, plan: true });
  expect(disabledLines(gone, { plan: true, ms: 7 }).slice(0, 4)).toEqual([
    ...['island leave -i r2lab', 'systemctl stop islandd@r2lab.socket'],
    ...['systemctl stop islandd@r2lab.service', 'systemctl stop island@r2lab.service'],
  ]);
  expect(disableJson(await disable(host, { now: true }), RUN)).toMatchObject({ changed: true, left: true });
  expect(disabledLines(await disable(host, { now: true }), RUN)).toEqual(['r2lab: nothing to do (7 ms)']);
  const asleep = await enable(host, { term: 'runtime' });
  expect(enabledLines(asleep, { ms: 7 })).toEqual([
    `${place}: enabled until the next boot (7 ms)`,
    'hint: "island enable --now" joins now as well',
  ]);
});

test('status says how the units are, since when, and that the file has changed since', async () => {
  const unit = { unit: 'island@r2lab.service', load: 'loaded', path: '', isStale: false };
  const sinceMs = Date.UTC(2026, 10, 21, 11, 30);
  expect(
    unitLines([
      { ...unit, active: 'active', sub: 'exited', result: 'success', enabled: 'enabled', sinceMs },
      {
        ...{ ...unit, unit: 'islandd@r2lab.service', active: 'failed', sub: 'failed', result: 'exit-code' },
        ...{ enabled: 'enabled-runtime', sinceMs: undefined, isStale: true },
      },
      {
        ...{ ...unit, unit: 'islandd@r2lab.socket', active: 'failed', sub: 'failed', result: 'resources' },
        ...{ enabled: 'static', sinceMs: undefined },
      },
    ]),
  ).toEqual([
    'island@r2lab.service   active (exited) since 2026-11-21 11:30 UTC                enabled',
    'islandd@r2lab.service  failed (failed, exit-code), its file has changed on disk  enabled until the next boot',
    'islandd@r2lab.socket   failed (failed, resources)',
  ]);
  const { host: machine, edit } = hostWithFile('faraday', TEXT);
  // Where there is no unit of an island, systemd is not even asked.
  const host = { ...machine, systemd: () => Promise.reject(new Error('was asked')) };
  await join(host, {});
  const lines = async () =>
    renderStatus(await status(host, {}), (_, text) => text).filter((line) => /^note/.test(line));
  edit(`# a comment\n${TEXT}`);
  expect(await lines()).toEqual([]);
  edit(`${TEXT}zone: other.internal\n`);
  expect(await lines()).toEqual([
    'note: the file has changed since the last join; "island join" takes it on',
  ]);
});
