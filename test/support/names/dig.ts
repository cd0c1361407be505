import type { LabHost } from '../lab/host.ts';

/** What a host is told: the rcode, or `silence`, and the answers, each as `A 10.3.1.2`. */
export interface Told {
  readonly status: string;
  readonly answers: readonly string[];
}

export interface DigOptions {
  readonly server: string;
  readonly port?: number;
  readonly args?: readonly string[];
}

/** Asks with dig from a host of the lab, as `dig fit01.r2lab.internal` or `dig -x 10.3.1.2` do. */
export async function dig(host: LabHost, name: string, options: DigOptions): Promise<Told> {
  const { server, port = 53, args = [] } = options;
  const how = ['+noall', '+comments', '+answer', '+tries=1', '+time=5', ...args];
  const { stdout } = await host.exec(['dig', `@${server}`, '-p', String(port), ...how, ...name.split(' ')]);
  const records = stdout.split('\n').filter((line) => /^[^;\s]/.test(line));
  return {
    status: /status: (\w+)/.exec(stdout)?.[1] ?? 'silence',
    answers: records.map((line) => line.split(/\s+/).slice(3).join(' ')),
  };
}
