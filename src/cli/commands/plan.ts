import { Command } from 'commander';
import { type Deps, type PlaceOptions, withExamples, withPlace } from '../options.ts';

interface PlanOptions extends PlaceOptions {
  readonly exitCode?: boolean;
}

export function planCommand({ out, host, answerNo }: Deps): Command {
  const command = new Command('plan')
    .summary('print the commands that join would run')
    .description(
      'Compares the island with this host and prints the commands that join would run. Changes nothing.',
    )
    .option('--exit-code', 'exit with 1 when there is something to do')
    .action(async (options: PlanOptions) => {
      const [{ plan }, { planJson, renderPlan }] = await Promise.all([
        import('../../app/plan.ts'),
        import('../render/plan.ts'),
      ]);
      const scene = await plan(await host(), options);
      if (options.json === true) out.json(planJson(scene));
      else for (const line of renderPlan(scene)) out.line(line);
      if (options.exitCode === true && scene.steps.length > 0) answerNo();
    });
  return withExamples(withPlace(command), [
    ['island plan', 'what join would do here'],
    ['island plan | sudo sh', 'do it by hand'],
    ['island plan --exit-code', 'tell a script whether this host is as the file says'],
  ]);
}
