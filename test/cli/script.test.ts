import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { exportScript } from '../../src/app/export.ts';
import { join } from '../../src/app/join.ts';
import { plan } from '../../src/app/plan.ts';
import { renderScript } from '../../src/cli/render/script.ts';
import type { Host } from '../../src/host/host.ts';
import { commandsOf, effectsOf } from '../../src/plan/effect.ts';
import { frozenHost } from '../support/captured.ts';
import { hostOf, NAMES } from '../support/fake-site.ts';
import { GOLDENS, type Golden } from '../support/goldens.ts';
import { modelFile } from '../support/island.ts';

const GOLDEN = fileURLToPath(new URL('golden', import.meta.url));

/** One of each kind of host, link and firewall. */
const SHOWN = [
  'gateway-over-vxlan-beside-docker',
  'gateway-over-ipip-beside-iptables-legacy',
  'hub-with-three-workers-one-with-pods',
  'member-on-two-networks-without-default-route',
];

async function scriptOf(host: Host): Promise<string> {
  return `${renderScript(await exportScript(host, {})).join('\n')}\n`;
}

const hostFrom = ({ captured, config }: Golden) => frozenHost(captured, config);
const EXPORTABLE = GOLDENS.filter(({ captured }) => captured.lease === undefined);

describe('the script', () => {
  test.each(GOLDENS.filter(({ name }) => SHOWN.includes(name)))('of $name', async (golden) => {
    await expect(await scriptOf(hostFrom(golden))).toMatchFileSnapshot(`${GOLDEN}/${golden.name}.sh`);
  });

  test('is one that a POSIX shell can read, and shows no secret, for every captured host', async () => {
    const scripts = await Promise.all(EXPORTABLE.map((golden) => scriptOf(hostFrom(golden))));
    // One process for them all, since to read one after the other is to read one long script.
    const { status, stderr } = spawnSync('sh', ['-n'], { input: scripts.join(''), encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    for (const script of scripts) expect(script).not.toContain('(secret)');
  });

  test('has the commands of the plan in the order of the plan, on every captured host that never joined', async () => {
    let compared = 0;
    for (const golden of EXPORTABLE.filter(({ captured }) => captured.joined === undefined)) {
      const host = hostFrom(golden);
      const { steps, place } = await plan(host, {});
      if (steps.some(({ action }) => action !== 'add') || (place.role === 'hub' && place.workers)) continue;
      const script = await scriptOf(host);
      // Those for other people's firewalls come chain by chain.
      const own = steps.filter(({ resource }) => resource.kind !== 'accept');
      const commands = effectsOf(own).flatMap(commandsOf);
      const lines = commands.flatMap((command) => command.split('\n'));
      let at = 0;
      for (const line of lines) {
        at = script.indexOf(line, at);
        expect(at, `${golden.name}: ${line}`).toBeGreaterThan(-1);
      }
      compared += 1;
    }
    expect(compared).toBeGreaterThan(15);
  });

  test.each(NAMES)('of %s is the same before and after it has joined', async (name) => {
    for (const kind of ['vxlan', 'ipip'] as const) {
      const host = hostOf(name, modelFile(kind));
      const before = await scriptOf(host);
      await join(host, {});
      expect(await scriptOf(host)).toBe(before);
    }
  });

  test('says what is left out: the workers of a hub, and what only root can see', async () => {
    const hub = GOLDENS.find(({ name }) => name === 'hub-with-three-workers-one-with-pods');
    if (hub === undefined) throw new Error('there is no hub with workers among the goldens');
    const host = hostFrom(hub);
    const blind = async (table: string) => ({ ...(await host.observe(table)), nft: 'unreadable' as const });
    const script = await scriptOf({ ...host, observe: blind });
    expect(script).toMatch(/^# - the workers of the file are left out: /m);
    expect(script).toMatch(/^# - made by who is not root, /m);
  });

  test('is none for a worker, whose link holds secrets', async () => {
    const worker = GOLDENS.find(({ captured }) => captured.lease !== undefined);
    if (worker === undefined) throw new Error('there is no worker among the goldens');
    await expect(scriptOf(hostFrom(worker))).rejects.toMatchObject({ code: 'E_USAGE' });
  });
});
