import { expect, test } from 'vitest';
import { ISLAND, install, island, modelFile, mustIsland } from '../support/island.ts';
import { withLab } from '../support/lab/lab.ts';
import { modelNetwork } from '../support/lab/model-network.ts';

const NOBODY = [
  'setpriv',
  '--reuid',
  '65534',
  '--regid',
  '65534',
  '--clear-groups',
  process.execPath,
  ISLAND,
];

test('who is not root reads the same of a joined host as root does, and finds no drift', () =>
  withLab(modelNetwork({ nodes: [], clusterHosts: 0 }), async (lab) => {
    const faraday = lab.host('faraday');
    await install([lab.host('sopnode-l1'), faraday], modelFile('vxlan'));
    await mustIsland(lab.host('sopnode-l1'), 'join');
    await mustIsland(faraday, 'join');
    expect(await faraday.exec([...NOBODY, 'whoami'])).toMatchObject({ code: 0, stderr: '' });
    expect(await faraday.exec([...NOBODY, 'plan'])).toMatchObject({ code: 0, stderr: '' });
    const { code, stdout } = await faraday.exec([...NOBODY, 'status']);
    expect(stdout).not.toContain('drift');
    expect(code).toBe(0);
  }));

test('whoami says after a join why, and not that the operator said so', () =>
  withLab(modelNetwork({ nodes: [], clusterHosts: 0 }), async (lab) => {
    const faraday = lab.host('faraday');
    await install([faraday], modelFile('vxlan'));
    await mustIsland(faraday, 'join');
    expect(await mustIsland(faraday, 'whoami')).not.toContain('you say');
  }));

test('who is not root may use a file of root and one of their own, and is refused one of somebody else', () =>
  withLab(
    { hosts: { faraday: { links: { lan: { segment: 'lan', addresses: ['138.96.16.97/24'] } } } } },
    async (lab) => {
      const faraday = lab.host('faraday');
      const [path, copy] = ['/etc/island/r2lab.yaml', '/etc/island/copy/r2lab.yaml'];
      for (const file of [path, copy]) await faraday.writeFile(file, modelFile('vxlan'));
      const check = () => faraday.exec([...NOBODY, 'config', 'check', copy]);
      expect(await check()).toMatchObject({ code: 0 });
      await faraday.run(['chown', '65534', copy]);
      expect(await check()).toMatchObject({ code: 0 });
      await faraday.run(['chown', '4242', copy]);
      expect(await check()).toMatchObject({
        code: 78,
        stderr: expect.stringContaining('somebody else (uid 4242)'),
      });
      // Root trusts its own alone.
      await faraday.run(['chown', '65534', copy]);
      expect(await island(faraday, 'join', '-c', copy)).toMatchObject({
        ...{ code: 78, stderr: expect.stringContaining(`hint: chown root ${copy}`) },
      });
    },
  ));
