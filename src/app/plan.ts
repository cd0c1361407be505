import type { Host } from '../host/host.ts';
import { lookAt, type Scene, type SceneOptions, sceneRisk } from './scene.ts';

/** What join would do on this host now. Changes nothing. */
export async function plan(host: Host, options: SceneOptions): Promise<Scene> {
  const scene = await lookAt(host, options);
  const risk = sceneRisk(host, scene);
  return risk === undefined ? scene : { ...scene, notes: [...scene.notes, risk] };
}
