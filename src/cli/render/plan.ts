import type { Scene } from '../../app/scene.ts';
import { roleOf } from '../../model/place.ts';
import { commandsOf, effectsOf } from '../../plan/effect.ts';
import { explain } from '../../plan/explain.ts';
import { FINDING_LABELS } from './finding.ts';
import { placeSentence } from './place.ts';

/** A script: comments, and the very commands that join runs. */
export function renderPlan({ island, place, steps, notes, findings }: Scene): string[] {
  const commands = effectsOf(steps).flatMap(commandsOf);
  return [
    `# ${placeSentence(island, place)}`,
    ...notes.map((note) => `# ${note}`),
    ...findings.flatMap(({ weight, text, hint }) => [`# ${FINDING_LABELS[weight]}: ${text}`, `#   ${hint}`]),
    ...(commands.length === 0 ? ['# nothing to do'] : commands),
  ];
}

export function planJson({ island, place, steps, notes, findings }: Scene) {
  return {
    ...{ schemaVersion: 1, island: island.name, name: place.name, role: roleOf(place) },
    steps: steps.map((step) => ({
      ...{ action: step.action, kind: step.resource.kind, reason: explain(step) },
      commands: effectsOf([step]).flatMap(commandsOf),
    })),
    commands: effectsOf(steps).flatMap(commandsOf),
    ...{ notes, findings },
  };
}
