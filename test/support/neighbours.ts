import type { LabHost } from './lab/host.ts';

/**
 * What Calico's felix loads for its own ipip and vxlan tunnels, of which it lets in those of hosts that it
 * knows: by an ipset, here by one address. Its chains come first.
 */
export function calicoRules({ known }: { readonly known: readonly string[] }): string {
  const accepts = (what: string) =>
    known.map((address) => `-A cali-INPUT -s ${address}/32 ${what} -j ACCEPT`);
  return `*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:cali-INPUT - [0:0]
:cali-FORWARD - [0:0]
-A INPUT -m comment --comment "cali:Cz_u1IQiXIMmKD4c" -j cali-INPUT
-A FORWARD -m comment --comment "cali:wUHhoiAYhphO9Mso" -j cali-FORWARD
${[...accepts('-p 4'), ...accepts('-p udp -m udp --dport 4789')].join('\n')}
-A cali-INPUT -p 4 -m comment --comment "Drop IPIP packets from non-Calico hosts" -j DROP
-A cali-INPUT -p udp -m comment --comment "Drop IPv4 VXLAN packets from non-allowed hosts" -m udp --dport 4789 -j DROP
-A cali-INPUT -j MARK --set-xmark 0x0/0xf0000
-A cali-FORWARD -j MARK --set-xmark 0x0/0xe0000
COMMIT
`;
}

/** What felix does when it finds that its jump is not the first rule any more. */
export const CALICO_IN_FRONT = `*filter
-D FORWARD -m comment --comment "cali:wUHhoiAYhphO9Mso" -j cali-FORWARD
-I FORWARD -m comment --comment "cali:wUHhoiAYhphO9Mso" -j cali-FORWARD
COMMIT
`;

/** flannel.1 as flanneld makes it, between two nodes with ten pods each behind it. */
export async function flannel(node: LabHost, { self, other }: FlannelEnds): Promise<void> {
  await node.ip([
    `link add flannel.1 mtu 1450 address ${macOf(self)} type vxlan id 1 local ${self.outer} dev eth0 dstport 8472 nolearning`,
    `address add ${self.pods}/32 dev flannel.1`,
    'link set flannel.1 addrgenmode none',
    'link set flannel.1 up',
    `route add ${other.pods}/24 via ${other.pods} dev flannel.1 onlink`,
    `neighbour add ${other.pods} lladdr ${macOf(other)} dev flannel.1 nud permanent`,
  ]);
  await node.run(['bridge', 'fdb', 'append', macOf(other), 'dev', 'flannel.1', 'dst', other.outer]);
}

interface FlannelEnd {
  readonly outer: string;
  /** The network address of its pods, which is also its own. */
  readonly pods: string;
}

interface FlannelEnds {
  readonly self: FlannelEnd;
  readonly other: FlannelEnd;
}

function macOf({ outer }: FlannelEnd): string {
  return `0a:58:00:00:00:${Number(outer.split('.').at(-1)).toString(16).padStart(2, '0')}`;
}

/** systemd-networkd itself, with one link to manage: any that is called `extra` and a digit. */
export async function startNetworkd(host: LabHost): Promise<void> {
  // Where sysfs is read-only, as in a container, it does not wait for udev.
  await host.run([
    'sh',
    '-ec',
    'mount -o remount,ro /sys; mkdir -p /run/systemd/netif; chown systemd-network: /run/systemd/netif',
  ]);
  await host.writeFile(
    '/run/systemd/network/10-extra.network',
    '[Match]\nName=extra?\n[Network]\nAddress=10.99.0.1/24\nLinkLocalAddressing=no\n',
  );
  host.start(['/lib/systemd/systemd-networkd']);
  await until(host, 'test -s /run/systemd/netif/state');
}

/** Adds a link that it manages, and returns once it has configured it. */
export async function extraLink(host: LabHost, name: string): Promise<void> {
  await host.ip([`link add ${name} type bridge`]);
  await until(host, `ip -4 address show dev ${name} | grep -q 10.99.0.1`);
}

export async function stopNetworkd(host: LabHost): Promise<void> {
  await host.run([
    'sh',
    '-ec',
    'pid=$(pidof systemd-networkd); kill "$pid"; while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done; rm /run/systemd/netif/state',
  ]);
}

async function until(host: LabHost, condition: string): Promise<void> {
  await host.run(['sh', '-c', `until ${condition}; do sleep 0.05; done`], { timeoutMs: 10_000 });
}
