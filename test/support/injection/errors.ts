import { mustIsland } from '../island.ts';
import type { Lab } from '../lab/lab.ts';
import { ETHERTYPE, ethernet } from './frames.ts';
import { hostUnreachable } from './icmp.ts';
import { STRANGER } from './parties.ts';
import { pcap } from './pcap.ts';
import { type Scene, SENDER_MAC } from './tunnel.ts';

const ERRORS = 30;

/**
 * Tells the victim, as anybody can, that its peer is unreachable. An ipip link would hand on as many errors to
 * those who send through it next, within 30 s, and end their connections before these are made.
 */
export async function forgeErrors(lab: Lab, { parties, wireMac }: Scene): Promise<void> {
  const { victim, peer, wire } = parties;
  const about = { source: victim.outer, destination: peer.outer };
  const payload = hostUnreachable({ from: STRANGER, to: victim.outer, about });
  const frame = ethernet(wireMac.uplink, SENDER_MAC, { type: ETHERTYPE.ipv4, payload });
  const internet = lab.host('internet');
  const file = `/run/errors-${wire}.pcap`;
  await internet.writeFile(file, pcap([frame]));
  await internet.run(['tcpreplay', '--intf1', wire, '--pps', '200', '--loop', String(ERRORS), file]);
  const { guard } = JSON.parse(await mustIsland(lab.host(victim.host), 'status', '--json'));
  const counted = guard.find(({ reason }: { reason: string }) => reason.startsWith('ICMP error'));
  if (!(counted?.packets >= ERRORS)) throw new Error(`${counted?.packets} of ${ERRORS} errors were counted`);
}
