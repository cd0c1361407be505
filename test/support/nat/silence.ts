import type { LabHost } from '../lab/host.ts';
import { HUB, PORT } from './by-hand.ts';
import { longestGap } from './outage.ts';

export interface SilenceWatch {
  /** The longest time without a packet from any of those that sent some, and how many these were. */
  end(): Promise<{ readonly longestMs: number; readonly sources: number }>;
}

/** Notes on the hub when a tunnel packet comes in, from now on. */
export async function watchSilence(hub: LabHost): Promise<SilenceWatch> {
  const filter = `udp dst port ${PORT} and dst host ${HUB.outer}`;
  const capture = hub.start(['tcpdump', '-i', 'eth0', '-n', '-tt', '-l', filter]);
  await capture.outputMatching(/listening on/);
  const beganMs = Date.now();
  return {
    async end() {
      const endedMs = Date.now();
      capture.signal('SIGINT');
      await capture.exited;
      const times = new Map<string, number[]>();
      // Such as `1763727600.123456 IP 198.51.100.101.31544 > 138.96.245.50.10310: UDP, length 50`.
      for (const [, seconds, source = ''] of capture.output().matchAll(/^(\d+\.\d+) IP (\S+) > /gm)) {
        times.set(source, [...(times.get(source) ?? [beganMs]), Number(seconds) * 1000]);
      }
      const gaps = [...times.values()].map((of) => longestGap([...of, endedMs]));
      return { longestMs: Math.max(0, ...gaps), sources: times.size };
    },
  };
}
