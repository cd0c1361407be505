import { randomBytes } from 'node:crypto';
import { secretMacOf } from '../../../src/model/secret.ts';
import { type Attack, FIRST_MARKER } from './attack.ts';
import { ethernet, type Ipv4Packet, PROTOCOL, udp, vxlan } from './frames.ts';
import { onWire } from './tunnel.ts';
import type { WorkerScene } from './worker-scene.ts';
import { datagram, GUESS, type WorkerSpec, workerSpecs } from './worker-specs.ts';

/** An attack, and whether the kernel refuses it without a guard, too. */
export interface WorkerAttack extends Attack {
  readonly idle: boolean;
}

/** Every attack on the victim of the scene, the largest first. */
export function workerAttacks(scene: WorkerScene): WorkerAttack[] {
  const specs = workerSpecs(scene).map((spec, index) => workerAttack(scene, spec, FIRST_MARKER + 1 + index));
  return [guesses(scene, FIRST_MARKER), ...specs];
}

const GUESSES = 10_000;

/** A datagram with each of so many MACs that the other end might have. */
function guesses(scene: WorkerScene, marker: number): WorkerAttack {
  const frames = Array.from({ length: GUESSES }).flatMap(() => {
    const spec = { name: '', source: secretMacOf(randomBytes(6)), to: [scene.victimInner] };
    return workerAttack(scene, spec, marker).frames;
  });
  const { packets: _, ...attack } = workerAttack(
    scene,
    { name: 'a datagram from 10 000 random MACs' },
    marker,
  );
  return { ...attack, frames, packets: GUESSES };
}

/** The attack with the marker, as frames for the victim of the scene. */
export function workerAttack(scene: WorkerScene, spec: WorkerSpec, marker: number): WorkerAttack {
  const { victimInner, behind } = scene;
  const { source = GUESS, destination = scene.victimMac, vni = scene.vni, outer = scene.from } = spec;
  const { inner = scene.inner, cut, options } = spec;
  const to = spec.to ?? [...(behind === undefined ? [] : [behind]), victimInner];
  const size = (cut ?? 0) > 1000 ? 1400 : 64;
  const framesTo = spec.frames ?? ((_, target) => [datagram(marker, { from: inner, to: target }, size)]);
  const packets = to.flatMap((target) => framesTo(marker, target));
  const frames = packets.flatMap((inside, index) => {
    const payload = udp(
      { from: outer.port, to: scene.to.port },
      vxlan(vni, ethernet(destination, source, inside)),
    );
    const packet: Ipv4Packet = {
      ...{ source: outer.address, destination: scene.to.address, protocol: PROTOCOL.udp, payload },
      ...{ id: (8 * marker + index) & 0xffff, ...(options && { options }) },
    };
    return onWire(scene.wireMac, packet, cut);
  });
  return {
    ...{ name: spec.name, marker, frames, packets: to.length, stranger: false, nested: false },
    ...{ open: spec.open ?? false, whileJoined: false, idle: spec.idle ?? false },
    ...(spec.delivered && { delivered: spec.delivered(marker) }),
  };
}
