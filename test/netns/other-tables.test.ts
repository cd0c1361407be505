import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { dumpAll } from '../support/checks.ts';
import { ISLAND, install, island, modelFile, mustIsland } from '../support/island.ts';
import type { LabHost } from '../support/lab/host.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';

let lab: Lab;
let faraday: LabHost;

beforeAll(async () => {
  lab = await createLab();
  await lab.raise(modelNetwork({ nodes: [], clusterHosts: 0, pdu: false }));
  faraday = lab.host('faraday');
});
afterAll(() => lab?.close());
beforeEach(() => install([faraday], modelFile('vxlan')));

/** As firewalld 2 does from 2.2 on: the kernel lets no other process change the table while its owner lives. */
const OWNED = `add table inet firewalld { flags owner; }
add chain inet firewalld filter_INPUT { type filter hook input priority filter + 10; policy accept; }
add chain inet firewalld filter_FORWARD { type filter hook forward priority filter + 10; policy accept; }
add rule inet firewalld filter_INPUT ct state established,related accept
add rule inet firewalld filter_INPUT reject with icmpx admin-prohibited
add rule inet firewalld filter_FORWARD reject with icmpx admin-prohibited
`;

test('a firewall that lets nobody put a rule into it is refused with what to tell it, and nothing is touched', async () => {
  const script = 'mkfifo /run/nft; exec nft -i </run/nft';
  const owner = faraday.start(['sh', '-c', script]);
  await faraday.run(['sh', '-c', 'until [ -p /run/nft ]; do sleep 0.02; done']);
  // It lives as long as somebody holds the other end.
  const holder = faraday.start(['sh', '-c', 'exec 9>/run/nft; cat >&9; exec sleep 60'], { input: OWNED });
  await faraday.run(['sh', '-c', 'until nft list table inet firewalld; do sleep 0.02; done >&2']);
  await expect(faraday.run(['nft', 'insert', 'rule', 'inet firewalld filter_INPUT accept'])).rejects.toThrow(
    'not permitted',
  );

  const before = await dumpAll([faraday]);
  const refused = {
    code: 78,
    stderr: expect.stringMatching(/table inet firewalld drops .*\n?.*NftablesTableOwner=no/),
  };
  expect(await mustIsland(faraday, 'plan')).toContain('# join will refuse: table inet firewalld drops');
  expect(await island(faraday, 'join')).toMatchObject(refused);
  expect(await dumpAll([faraday])).toEqual(before);

  holder.signal('SIGKILL');
  await owner.exited;
  await mustIsland(faraday, 'join');
  await mustIsland(faraday, 'leave');
});

test('a table whose name nft would read as more than a name is not asked for, and said not to be seen', async () => {
  const name = 'x; add table inet pwned';
  const table = {
    family: 'inet',
    table: name,
    name: 'c',
    type: 'filter',
    hook: 'forward',
    prio: 0,
    policy: 'drop',
  };
  const nftables = [{ add: { table: { family: 'inet', name } } }, { add: { chain: table } }];
  await faraday.writeFile('/run/odd.json', JSON.stringify({ nftables }));
  await faraday.run(['nft', '-j', '-f', '/run/odd.json']);
  await faraday.run(['nft', 'add', 'table', 'inet', 'x']);
  expect(await mustIsland(faraday, 'plan')).toContain(`a table with such a name as inet "${name}"`);
  await mustIsland(faraday, 'join');
  await mustIsland(faraday, 'leave');
  expect(await faraday.run(['nft', 'list', 'tables'])).not.toMatch(/^table inet pwned/m);
  await faraday.run(['nft', 'flush', 'ruleset']);
});

describe('where no firewall drops anything', () => {
  /** The programs that look at firewalls, each in the way of the real one and with its words written down. */
  const WATCHED = ['nft', 'iptables-legacy-save', 'iptables-legacy-restore'];
  const WATCHER = `mkdir -p /run/watch
for name in ${WATCHED.join(' ')}; do
  printf '#!/bin/sh\\necho %s "$*" >>/run/watch/log\\nPATH=/usr/sbin:/usr/bin exec %s "$@"\\n' $name $name >/run/watch/$name
  chmod 755 /run/watch/$name
done`;

  const startedBy = async (command: string) => {
    await faraday.run(['sh', '-ec', `${WATCHER}\n: >/run/watch/log`]);
    const path = '/run/watch:/usr/sbin:/usr/bin:/sbin:/bin';
    await faraday.run([process.execPath, ISLAND, command], { env: { PATH: path } });
    return (await faraday.readFile('/run/watch/log')).trimEnd().split('\n').toSorted();
  };
  const CHAINS = 'nft -j list chains';
  const OWN = 'nft -j list table inet island-r2lab';

  test('plan starts one program more, and a second one where there is a table that filters', async () => {
    expect(await startedBy('plan')).toEqual([CHAINS, OWN]);
    await faraday.run(['nft', '-f', '-'], { input: ACCEPTING });
    expect(await startedBy('plan')).toEqual([CHAINS, 'nft -j -p -t list table ip filter', OWN].toSorted());
    await faraday.run(['nft', 'delete', 'table', 'ip', 'filter']);
  });

  test('nothing is put into it', async () => {
    await faraday.run(['nft', '-f', '-'], { input: ACCEPTING });
    const rules = () => faraday.run(['nft', 'list', 'table', 'ip', 'filter']);
    const before = await rules();
    await mustIsland(faraday, 'join');
    expect(await rules()).toBe(before);
    await mustIsland(faraday, 'leave');
    await faraday.run(['nft', 'delete', 'table', 'ip', 'filter']);
  });

  test('iptables-legacy is asked only where the kernel has its table, and asking does not load it', async () => {
    const loaded = () => faraday.run(['cat', '/proc/net/ip_tables_names']);
    expect(await loaded()).toBe('');
    await mustIsland(faraday, 'plan');
    expect(await loaded()).toBe('');
    await faraday.run(['iptables-legacy', '-A', 'INPUT', '-i', 'lo', '-j', 'ACCEPT']);
    expect(await startedBy('plan')).toEqual([CHAINS, OWN, 'iptables-legacy-save -t filter'].toSorted());
  });
});

const ACCEPTING = `table ip filter {
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname "eth9" drop
  }
}
`;
