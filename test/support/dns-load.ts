import type { LabHost } from './lab/host.ts';

export interface Load {
  /** The address that is asked. */
  readonly server: string;
  readonly port?: number;
  /** As dnsperf reads them: `hub.r2lab.internal A`. */
  readonly questions: readonly string[];
}

export interface Answered {
  readonly sent: number;
  readonly completed: number;
  readonly lost: number;
  /** `NOERROR 4000` for each code that came. */
  readonly codes: readonly string[];
}

/**
 * What comes of 2000 questions a second that the host asks while `work` is done: for each it waits longer than anything
 * here takes. They come from a pipe, since only at the end of its input does dnsperf wait for all answers.
 */
export async function askedDuring(
  host: LabHost,
  { server, port = 53, questions }: Load,
  work: () => Promise<void>,
): Promise<Answered> {
  await host.writeFile('/run/questions', `${questions.join('\n')}\n`.repeat(500));
  await host.run(['touch', '/run/more']);
  const input = 'while [ -e /run/more ]; do cat /run/questions; done';
  const load = host.start([
    ...[
      'sh',
      '-c',
      `${input} | stdbuf -oL dnsperf -s ${server} -p ${port} -n 1 -Q 2000 -q 65000 -c 40 -t 20`,
    ],
  ]);
  try {
    await load.outputMatching(/Sending queries/);
    await work();
  } finally {
    await host.run(['rm', '/run/more']);
    await load.exited;
  }
  const said = load.output();
  const count = (what: string) => Number(new RegExp(`Queries ${what}: +(\\d+)`).exec(said)?.[1]);
  return {
    ...{ sent: count('sent'), completed: count('completed'), lost: count('lost') },
    codes: said.match(/[A-Z]+ \d+(?= \(\d+\.\d+%\))/g) ?? [],
  };
}
