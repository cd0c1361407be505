import type { LabHost } from '../support/lab/host.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';

/** The island of every group that has a hub and many peers. */
export const NAME = 'bench';
export const PORT = 10_310;

/** A hub with `peers` vxlan peers, each a gateway of one network unless `networks` is false. */
export function starFile(peers: number, { networks = true } = {}): string {
  const numbers = Array.from({ length: peers }, (_, index) => index + 1);
  return [
    `island: ${NAME}`,
    'subnet: 10.8.0.0/16',
    'link: vxlan',
    'hub: { name: hub, outer: 198.18.0.1, inner: 10.8.0.1, networks: [{ subnet: 172.31.0.0/24, gateway: 172.31.0.1 }] }',
    'peers:',
    ...numbers.map((n) => {
      const network = `{ subnet: 11.${n >> 8}.${n & 255}.0/24, gateway: 11.${n >> 8}.${n & 255}.1 }`;
      const tail = networks ? `, networks: [${network}]` : '';
      return `  - { name: p${n}, outer: ${addressIn('198.18', n)}, inner: ${addressIn('10.8', n)}${tail} }`;
    }),
    '',
  ].join('\n');
}

function addressIn(net: string, n: number): string {
  return `${net}.${(n + 1) >> 8}.${(n + 1) & 255}`;
}

/**
 * A host that can be the hub of such an island. Its peers do not exist, and every question to one is answered
 * at once with a reset, as if all were up: join would else wait for answers, which is not work of its own.
 */
export async function withHub<T>(use: (hub: LabHost, lab: Lab) => Promise<T>): Promise<T> {
  const lab = await createLab();
  try {
    await lab.raise({
      hosts: {
        hub: {
          links: {
            eth0: { segment: 'underlay', addresses: ['198.18.0.1/16'] },
            lan: { segment: 'lan', addresses: ['172.31.0.1/24'] },
          },
          nft: ANSWERED,
        },
      },
    });
    return await use(lab.host('hub'), lab);
  } finally {
    await lab.close();
  }
}

const ANSWERED = `table inet answered {
  chain output {
    type filter hook output priority -400; policy accept;
    ip daddr 10.8.0.0/16 tcp dport ${PORT} reject with tcp reset
  }
}`;

/** Takes away what a join, or the commands of a plan by hand, have made, sooner than leave would. */
export async function wipe(hub: LabHost): Promise<void> {
  await hub.run(['sh', '-c', WIPE]);
}

const WIPE = `
ip -o link show group ${PORT} | grep -q . && ip link delete group ${PORT}
ip rule flush protocol 110
ip route flush table ${PORT} 2>/dev/null
nft delete table inet island-${NAME} 2>/dev/null
for link in eth0 lan; do echo 0 >/proc/sys/net/ipv4/conf/$link/forwarding; done
rm -rf /var/lib/island/${NAME} /run/island/${NAME}
true`;
