import { expect, test } from 'vitest';
import { joinAll, modelFile } from '../support/island.ts';
import type { LabHost } from '../support/lab/host.ts';
import { type Lab, withLab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import {
  redirectsArrived,
  redirectsDropped,
  sendRedirect,
  vxlanLinksOf,
  watchRedirects,
} from '../support/redirects.ts';

const NETWORK = modelNetwork({ nodes: [], clusterHosts: 0, pdu: false, laptop: true });
const TABLE = 'inet island-r2lab';
const [FARADAY, LAPTOP] = ['10.3.1.3', '10.3.1.5'];

/** Two vxlan peers, so that the hub turns packets round on the link that they share. */
async function joined(lab: Lab): Promise<LabHost> {
  const peer = `  - { name: laptop, outer: 198.51.100.9, inner: ${LAPTOP} }\n`;
  await joinAll(['sopnode-l1', 'faraday', 'laptop'].map(lab.host), modelFile('vxlan', peer));
  return lab.host('sopnode-l1');
}

test('a hub that turns packets round on a link tells nobody to send them directly', () =>
  withLab(NETWORK, async (lab) => {
    const hub = await joined(lab);
    const laptop = lab.host('laptop');
    await watchRedirects(laptop);
    await laptop.run(['ping', '-c', '2', '-i', '0.1', '-W', '5', FARADAY]);
    expect(await redirectsDropped(hub), 'the kernel wanted to').toBeGreaterThan(0);
    expect(await redirectsArrived(laptop)).toBe(0);

    // Without that chain they come; the kernel waits between them, longer each time.
    await hub.run(['nft', `flush chain ${TABLE} redirects`]);
    await laptop.run(['ping', '-c', '3', '-i', '0.5', '-W', '5', FARADAY]);
    expect(await redirectsArrived(laptop)).toBeGreaterThan(0);
  }));

test('a redirect that a peer sends through its link changes no route, and is counted', () =>
  withLab(NETWORK, async (lab) => {
    const hub = await joined(lab);
    const way = () => hub.run(['ip', 'route', 'get', '192.168.3.1']);
    const before = await way();
    expect(before).toContain(`via ${FARADAY} `);

    await tellHub(lab);
    await expect.poll(() => redirectsDropped(hub), { timeout: 10_000 }).toBe(1);
    expect(await way()).toBe(before);

    // The kernel itself would follow it.
    await hub.run(['nft', `flush chain ${TABLE} icmp-in`]);
    await tellHub(lab);
    await expect.poll(way, { timeout: 10_000 }).toContain(`via ${LAPTOP} `);
  }));

/** What root on faraday can send: to the hub, in faraday's own name, that 192.168.3.1 is reached by the laptop. */
async function tellHub(lab: Lab): Promise<void> {
  const sender = lab.host('faraday');
  const [[near], [far]] = await Promise.all([vxlanLinksOf(sender), vxlanLinksOf(lab.host('sopnode-l1'))]);
  const macs = { sendingMac: near?.address ?? '', receivingMac: far?.address ?? '' };
  const about = { source: '138.96.245.50', destination: '192.168.3.1' };
  const advice = { from: FARADAY, to: '10.3.1.2', about, nextHop: LAPTOP };
  await sendRedirect({ sender, ...macs, link: near?.ifname ?? '' }, advice);
}
