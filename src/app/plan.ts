import type { Host } from '../host/host.ts';
import { lookAt, type Scene, type SceneOptions } from './scene.ts';

/** What join would do on this host now. Changes nothing. */
export function plan(host: Host, options: SceneOptions): Promise<Scene> {
  return lookAt(host, options);
}
