import { ETHERTYPE, ethernet } from './injection/frames.ts';
import { icmpRedirect } from './injection/icmp.ts';
import { pcap } from './injection/pcap.ts';
import { island } from './island.ts';
import type { LabHost } from './lab/host.ts';

/** Who says to whom that packets about a destination had better go by another next hop. */
export interface Advice {
  /** Inner addresses of the sender and of the one who is told. */
  readonly from: string;
  readonly to: string;
  /** A packet of his that the sender claims to have forwarded. */
  readonly about: { readonly source: string; readonly destination: string };
  readonly nextHop: string;
}

/** One end of the link that both share; `sender` is root on its host. */
export interface Ends {
  readonly sender: LabHost;
  readonly sendingMac: string;
  readonly receivingMac: string;
  readonly link: string;
}

/** Sends an ICMP redirect through the link, as root on a host of the island can. */
export async function sendRedirect(
  { sender, sendingMac, receivingMac, link }: Ends,
  { nextHop, ...advice }: Advice,
): Promise<void> {
  const payload = icmpRedirect(advice, nextHop);
  const frame = ethernet(receivingMac, sendingMac, { type: ETHERTYPE.ipv4, payload });
  await sender.writeFile('/run/redirect.pcap', pcap([frame]));
  await sender.run(['tcpreplay', '--intf1', link, '/run/redirect.pcap']);
}

/** The vxlan links of a host. */
export async function vxlanLinksOf(
  host: LabHost,
): Promise<readonly { readonly ifname: string; readonly address: string }[]> {
  return JSON.parse(await host.run(['ip', '-j', 'link', 'show', 'type', 'vxlan']));
}

/** How many the guard of a host has dropped, of those that came and of its own. */
export async function redirectsDropped(host: LabHost): Promise<number> {
  // Also of a host that has drifted, of which it says so by its exit status.
  const { stdout } = await island(host, 'status', '--json');
  const { guard } = JSON.parse(stdout);
  return guard.find(({ reason }: { reason: string }) => reason === 'ICMP redirect').packets;
}

/** Counts the redirects that come to a host through its links from now on, before any guard. */
export async function watchRedirects(host: LabHost): Promise<void> {
  await host.run(['nft', '-f', '-'], { input: WITNESS });
}

const WITNESS = `table inet witness {
  counter redirects { }
  chain arrived {
    type filter hook prerouting priority -500
    iifname "isl-*" icmp type redirect counter name redirects
  }
}
`;

/** How many came since. */
export async function redirectsArrived(host: LabHost): Promise<number> {
  const listed = await host.run(['nft', '-j', 'list', 'counter', 'inet', 'witness', 'redirects']);
  const { nftables } = JSON.parse(listed);
  return nftables.find(({ counter }: { counter?: unknown }) => counter !== undefined).counter.packets;
}
