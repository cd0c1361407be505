import { run } from '../../../src/host/exec.ts';

/** A certificate that nobody has signed but itself, for a server that is no hub. */
export async function selfSigned(): Promise<{ readonly key: string; readonly cert: string }> {
  const args = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '1',
  ];
  const { stdout } = await run('openssl', [...args, '-subj', '/CN=127.0.0.1', '-keyout', '-', '-out', '-']);
  return { key: blockOf(stdout, 'PRIVATE KEY'), cert: blockOf(stdout, 'CERTIFICATE') };
}

function blockOf(text: string, kind: string): string {
  const [block = ''] = new RegExp(`-----BEGIN ${kind}-----[^]*?-----END ${kind}-----`).exec(text) ?? [];
  return `${block}\n`;
}
