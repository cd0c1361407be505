import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { acquire } from '../../src/hub/leases.ts';
import { formatRegister, parseRegister } from '../../src/hub/register-file.ts';
import { FAULTY, removeFaults, TOOLS } from '../support/faults.ts';
import { ISLAND, install, island, modelFile, mustIsland } from '../support/island.ts';
import type { LabHost } from '../support/lab/host.ts';
import { createLab, type Lab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';
import { deskOf } from '../support/register.ts';

const FILE = '/var/lib/island/r2lab/workers.json';
const CONFIG = `workers: { pool: 10.3.1.64/26, routes: [10.244.64.0/18] }\n${modelFile('vxlan')}`;

let lab: Lab;
let hub: LabHost;

beforeAll(async () => {
  lab = await createLab();
  await lab.raise(modelNetwork({ nodes: [], clusterHosts: 0, pdu: false }));
  hub = lab.host('sopnode-l1');
  await install([hub, lab.host('faraday')], CONFIG);
});
afterAll(() => lab?.close());

/** Leases of three workers, one of which has left, on the hub's disk; gives what nobody may see. */
async function handOut(): Promise<readonly string[]> {
  const desk = deskOf();
  const identity = desk.token();
  for (const name of ['w1', 'w2']) {
    const routes = name === 'w1' ? ['10.244.64.0/24'] : [];
    const request = { identity, name, machine: `machine-of-${name}`, routes, takeover: false };
    desk.take(acquire(desk.register, request, desk.terms));
  }
  await hub.writeFile(FILE, formatRegister(desk.register), 0o600);
  return secretsIn(formatRegister(desk.register));
}

/** Every MAC, key and machine, and each MAC as nft writes it where it is part of a number. */
function secretsIn(text: string): readonly string[] {
  const { mac, tokens, leases } = parseRegister(text, 'r2lab');
  const holders = leases.flatMap(({ holder }) => (holder === undefined ? [] : [holder]));
  const macs = [mac, ...holders.map((holder) => holder.mac)];
  const keys = [...tokens, ...holders].map(({ key }) => key);
  return [
    ...macs,
    ...macs.map((each) => each.replaceAll(':', '')),
    ...keys,
    ...holders.flatMap((h) => h.machine ?? []),
  ];
}

function found(secrets: readonly string[], text: string): readonly string[] {
  return secrets.filter((secret) => text.toLowerCase().includes(secret.toLowerCase()));
}

/** Commands that look, in the order of a day, and how each ends. */
const SHOWN: readonly (readonly [line: string, code: number])[] = [
  ['plan', 0],
  ['plan --json', 0],
  ['join', 0],
  ['join --json', 0],
  ['plan', 0],
  ['status', 0],
  ['status --json', 0],
  ['whoami --json', 0],
  ['config check --json', 0],
  ['token list', 0],
  ['token list --json', 0],
  ['lease list', 0],
  ['lease list --json', 0],
  ['lease pin w2 --json', 0],
  ['lease release w2 --json', 0],
  ['lease release w2 --forget', 0],
  ['lease release w2', 64],
  ['lease pin w9 --address 10.3.1.2', 64],
  ['token revoke aaaaaaaa', 64],
  ['complete workers', 0],
  ['complete tokens', 0],
];

describe('nobody is shown a key or a MAC of a worker', () => {
  test('by any command, nor in the arguments of the programs that it starts', async () => {
    const secrets = await handOut();
    for (const tool of TOOLS) {
      const script = `#!/bin/sh\necho "$0 $*" >>/run/argv\nexec /usr/sbin/${tool} "$@"\n`;
      await hub.writeFile(`/run/faults/${tool}`, script, 0o755);
    }
    const show = async (line: string, code: number) => {
      const ran = await hub.exec([process.execPath, ISLAND, ...line.split(' ')], { env: FAULTY });
      expect(ran, line).toMatchObject({ code });
      expect(found(secrets, `${ran.stdout}${ran.stderr}`), line).toEqual([]);
    };
    for (const [line, code] of SHOWN) await show(line, code);
    // The kernel had them all that time.
    expect(found(secrets, await hub.run(['nft', 'list', 'ruleset']))).not.toEqual([]);
    await show('leave', 0);
    await show('leave --json', 0);
    await removeFaults(hub);
    const started = await hub.readFile('/run/argv');
    expect(started).toContain('nft');
    expect(found(secrets, started)).toEqual([]);
    expect(await hub.run(['stat', '-c', '%a %U', FILE])).toBe('600 root\n');
  });

  test('but the token that is made is, once, to whoever makes it', async () => {
    const made = await mustIsland(
      hub,
      'token',
      'create',
      '--name',
      'w7',
      '--uses',
      'unlimited',
      '--ttl',
      '1h',
    );
    const [, token = ''] = /^island join --hub 138\.96\.245\.50 --name w7 --token (\S+)\n$/.exec(made) ?? [];
    const [id = '', key = ''] = token.split('.');
    expect(found([key], await hub.readFile(FILE))).toEqual([key]);
    const list = await mustIsland(hub, 'token', 'list');
    expect(list).toContain(id);
    expect(found([key], list)).toEqual([]);
    expect(await mustIsland(hub, 'token', 'revoke', token)).toBe(`nobody joins with ${id} any more\n`);
    const again = await island(hub, 'token', 'revoke', token);
    expect(again).toMatchObject({ code: 64, stderr: expect.stringContaining(`no token ${id}\n`) });
    expect(found([key], again.stderr)).toEqual([]);
  });

  test('when the file that holds them is damaged, which is said with its path and loses nothing', async () => {
    const secrets = await handOut();
    const text = await hub.readFile(FILE);
    for (const damaged of [text.slice(0, -20), text.replace('"w1"', '"W1"'), '', `${text}x`]) {
      await hub.writeFile(FILE, damaged, 0o600);
      for (const words of [['lease', 'list'], ['token', 'create'], ['join']]) {
        const { code, stdout, stderr } = await island(hub, ...words);
        expect({ code, stdout }, words.join(' ')).toEqual({ code: 71, stdout: '' });
        expect(stderr).toContain(`island: ${FILE}: damaged: `);
        expect(found(secrets, stderr)).toEqual([]);
      }
      expect(await hub.readFile(FILE)).toBe(damaged);
    }
    await hub.writeFile(FILE, text, 0o600);
    expect(await mustIsland(hub, 'lease', 'list')).toContain('w1');
  });

  test('on a host that is not the hub, which says where that is', async () => {
    expect(await island(lab.host('faraday'), 'lease', 'list')).toMatchObject({
      code: 64,
      stderr:
        'island: island lease list runs on the hub; faraday is a gateway of r2lab\nhint: run it on sopnode-l1, which has 138.96.245.50\n',
    });
  });
});

test('a worker whose lease is released is nowhere in the kernel of the hub any more, and the others still are', async () => {
  await handOut();
  await mustIsland(hub, 'join');
  const { leases } = parseRegister(await hub.readFile(FILE), 'r2lab');
  const [released = '', kept = ''] = leases.map(({ holder }) => holder?.mac ?? '');
  const places = [
    ['nft', 'list', 'ruleset'],
    ['ip', 'neigh'],
    ['ip', 'route', 'show', 'table', 'all'],
  ];
  const kernel = async () => (await Promise.all(places.map((words) => hub.run(words)))).join('');
  expect(found([released, kept, '10.3.1.64', '10.3.1.65', '10.244.64.0'], await kernel())).toHaveLength(5);
  await mustIsland(hub, 'lease', 'release', 'w1');
  expect(found([released, kept, '10.3.1.64 ', '10.3.1.65 ', '10.244.64.0/24'], await kernel())).toEqual([
    kept,
    '10.3.1.65 ',
  ]);
  expect(await island(hub, 'status')).toMatchObject({ code: 0 });
  await mustIsland(hub, 'leave');
});

test('a hub that leaves and joins again still knows its workers', async () => {
  await handOut();
  const before = await mustIsland(hub, 'lease', 'list');
  await mustIsland(hub, 'join');
  await mustIsland(hub, 'leave');
  await mustIsland(hub, 'join');
  expect(await mustIsland(hub, 'lease', 'list')).toBe(before);
  await mustIsland(hub, 'leave');
});
