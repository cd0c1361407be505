import { equal } from './assert.ts';
import { install, island, modelFile, mustIsland } from './island.ts';
import type { Lab } from './lab/lab.ts';

/** On faraday alone: what a link of ipip brings along is of each host. */
export async function fallbackLink(lab: Lab): Promise<void> {
  const faraday = lab.host('faraday');
  const stateOf = async () => {
    const [link] = JSON.parse(await faraday.run(['ip', '-j', 'link', 'show', 'dev', 'tunl0']));
    return link.flags.includes('UP') ? 'up' : 'down';
  };
  await install([faraday], modelFile('ipip'));
  await faraday.ip(['link set tunl0 up']);
  await mustIsland(faraday, 'join');
  equal('tunl0 of nobody is set down', await stateOf(), 'down');
  await faraday.ip(['link set tunl0 up']);
  const { code, stdout } = await island(faraday, 'status');
  equal('status names it', [code, /drift: link tunl0: is up/.test(stdout)], [1, true]);
  await mustIsland(faraday, 'join');
  equal('join sets it down again', await stateOf(), 'down');
  await mustIsland(faraday, 'leave');
  equal('leave sets it up as it was', await stateOf(), 'up');

  await faraday.ip(['address add 10.244.0.1/32 dev tunl0']);
  const plan = await mustIsland(faraday, 'plan');
  equal('plan says whose it is', /# note: tunl0 is up with 10\.244\.0\.1/.test(plan), true);
  const joined = await island(faraday, 'join');
  equal(
    'so does join',
    [joined.code, /^note: tunl0 is up with 10\.244\.0\.1/m.test(joined.stderr)],
    [0, true],
  );
  equal('tunl0 with an address is left', await stateOf(), 'up');
  await mustIsland(faraday, 'leave');
  await faraday.ip(['address flush dev tunl0', 'link set tunl0 down']);
}
