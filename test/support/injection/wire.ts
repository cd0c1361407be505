import { setTimeout as delay } from 'node:timers/promises';
import type { LabHost } from '../lab/host.ts';
import type { Attack } from './attack.ts';
import { STRANGER } from './parties.ts';
import { pcap } from './pcap.ts';
import { marked, onWire } from './tunnel.ts';
import { BEACON, type Witness } from './witness.ts';

/** Puts attacks on the wire, all of them in rounds; each round ends with a beacon, so that rounds can be counted. */
export interface Wire {
  /** Sends so many rounds and returns when the last one has reached the victim. */
  send(rounds: number): Promise<void>;
  /** Sends round after round while the work lasts. */
  sendWhile(work: () => Promise<void>): Promise<void>;
}

/** Which wire, and who is attacked there: a Scene is one. */
export interface WireScene {
  readonly wireMac: { readonly uplink: string };
  readonly parties: { readonly wire: string; readonly victim: { readonly outer: string } };
}

/** Where the frames are put on the wire, and who counts the beacons. */
export interface WireEnds {
  readonly sender: LabHost;
  readonly victim: Witness;
  /** Frames a second: what the hosts can handle without losing any. */
  readonly rate: number;
}

/** Writes the attacks to the sender, from where they can be sent any number of times. */
export async function wireFor(
  scene: WireScene,
  attacks: readonly Pick<Attack, 'frames'>[],
  ends: WireEnds,
): Promise<Wire> {
  const { sender, victim, rate } = ends;
  const beacon = marked(BEACON, { from: STRANGER, to: scene.parties.victim.outer });
  const frames = [...attacks.flatMap((attack) => attack.frames), ...onWire(scene.wireMac.uplink, beacon)];
  await sender.writeFile(FILE, pcap(frames));
  // It sleeps between frames; by default it would spin, and take a processor of the hosts under attack.
  const replay = [
    ...['tcpreplay', '--timer', 'nano', '--intf1', scene.parties.wire],
    ...['--pps', String(rate)],
  ];
  const beacons = async () => (await victim.counts()).get(BEACON) ?? 0;

  async function reach(count: number): Promise<void> {
    const deadline = performance.now() + 20_000;
    while ((await beacons()) < count) {
      if (performance.now() > deadline) throw new Error('what was sent did not reach the victim');
      await delay(50);
    }
  }

  return {
    async send(rounds) {
      const before = await beacons();
      await sender.run([...replay, '--loop', String(rounds), FILE]);
      await reach(before + rounds);
    },
    async sendWhile(work) {
      const before = await beacons();
      const sending = sender.start([...replay, '--loop', '0', FILE]);
      try {
        await reach(before + 1);
        await work();
      } finally {
        sending.signal('SIGTERM');
        await sending.exited;
      }
    },
  };
}

const FILE = '/run/attacks.pcap';
