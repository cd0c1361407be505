import type { Lab } from '../lab/lab.ts';

/** UDP from one outer address and port to the hub's, as the internet in between sees it. */
export interface Sighting {
  readonly source: string;
  readonly port: number;
}

/** Has the internet of the model network note every source of UDP to the port of the hub from now on. */
export async function watchSources(lab: Lab, port: number): Promise<void> {
  await lab.host('internet').run(['nft', '-f', '-'], {
    input: `table inet eyes
delete table inet eyes
table inet eyes {
  set seen {
    typeof ip saddr . udp sport
    size 65535
    flags dynamic
  }
  chain forward {
    type filter hook forward priority filter - 10; policy accept;
    ip daddr 138.96.245.50 udp dport ${port} update @seen { ip saddr . udp sport counter }
  }
}
`,
  });
}

/** Whoever sent to the hub since the watch began. */
export async function sourcesSeen(lab: Lab): Promise<Sighting[]> {
  const listed = JSON.parse(
    await lab.host('internet').run(['nft', '-j', 'list', 'set', 'inet', 'eyes', 'seen']),
  );
  const elements: readonly Listed[] = listed.nftables.find((item: object) => 'set' in item).set.elem ?? [];
  return elements.map((element) => {
    const [source, port] = ('elem' in element ? element.elem.val : element).concat;
    return { source, port };
  });
}

interface Concat {
  readonly concat: readonly [string, number];
}

type Listed = Concat | { readonly elem: { readonly val: Concat } };
