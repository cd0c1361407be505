import { expect, test } from 'vitest';
import { ISLAND, install, modelFile } from '../support/island.ts';
import type { LabHost } from '../support/lab/host.ts';
import { withLab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { stateOf } from '../support/state.ts';

/**
 * No namespace has a CLOCK_REALTIME of its own, and the machine's is not ours to set. So what island would see
 * of a jump is made: `Date` goes ten years forth and back each time it is asked, and the times of its files lie
 * as far off. The programs that it starts have no use for the clock.
 */
const JUMPING = `
const TEN_YEARS = 315_360_000_000;
const { now } = Date;
let sign = 1;
const jumped = () => now() + (sign = -sign) * TEN_YEARS;
globalThis.Date = class extends Date {
  static now = jumped;
  constructor(...given) {
    super(...(given.length === 0 ? [jumped()] : given));
  }
};
`;

async function jumping(host: LabHost, ...args: readonly string[]) {
  const { code, stdout, stderr } = await host.exec(
    [process.execPath, '--require', '/run/jumping.cjs', ISLAND, ...args],
    { timeoutMs: 60_000 },
  );
  expect({ code, stderr }, args.join(' ')).toMatchObject({ code: 0 });
  return stdout;
}

test('a clock that jumps by ten years, forth and back, changes nothing for join, confirm, status and leave', () =>
  withLab(modelNetwork({ nodes: [], clusterHosts: 0, pdu: false }), async (lab) => {
    const hub = lab.host('sopnode-l1');
    await hub.run(['mkdir', '-p', '/var/lib/island', '/run/island']);
    await install([hub], modelFile('vxlan'));
    await hub.writeFile('/run/jumping.cjs', JUMPING);
    const bare = await stateOf(hub);
    await jumping(hub, 'join');
    const joined = await stateOf(hub);
    await jumping(hub, 'leave');

    await jumping(hub, 'join', '--confirm-within', '10m');
    for (const when of ['+10 years', '-10 years']) {
      const touch = `find /etc/island /var/lib/island /run/island -exec touch -d '${when}' {} +`;
      await hub.run(['sh', '-c', touch]);
      const { leftMs } = JSON.parse(await jumping(hub, 'status', '--json')).pending;
      expect([leftMs > 0, leftMs <= 600_000]).toEqual([true, true]);
      expect(await jumping(hub, 'join')).toContain('nothing to do');
    }
    await jumping(hub, 'confirm');
    expect(await stateOf(hub)).toEqual(joined);
    await jumping(hub, 'leave');
    expect(await stateOf(hub)).toEqual(bare);
  }));
