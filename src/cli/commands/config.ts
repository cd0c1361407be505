import { Command } from 'commander';
import { type Deps, type SelectionOptions, withExamples, withSelection } from '../options.ts';

export function configCommand(deps: Deps): Command {
  return new Command('config')
    .summary('check an island file, or print its schema')
    .description('Works on the file that describes an island, without touching the host.')
    .addCommand(checkCommand(deps))
    .addCommand(schemaCommand(deps));
}

interface CheckOptions extends SelectionOptions {
  readonly json?: boolean;
}

function checkCommand({ out, host }: Deps): Command {
  const command = new Command('check')
    .summary('find every error in a file')
    .description(
      'Prints each error as file:line:column: path: what, "value" with a hint. Exits with 78 when there is one.',
    )
    .argument('[file]', 'the file; without it those of /etc/island')
    .option('--json', 'print JSON for programs')
    .action(async (file: string | undefined, options: CheckOptions) => {
      const [{ checkFiles }, { configJson, renderConfig }] = await Promise.all([
        import('../../app/check-files.ts'),
        import('../render/config.ts'),
      ]);
      const checked = await checkFiles(await host(), { ...options, config: file ?? options.config });
      if (options.json === true) out.json(configJson(checked));
      else for (const line of renderConfig(checked)) out.line(line);
      await checked.refuse();
    });
  return withExamples(withSelection(command), [
    ['island config check', 'check the files of /etc/island'],
    ['island config check r2lab.yaml', 'check a file before it is copied'],
  ]);
}

function schemaCommand({ out }: Deps): Command {
  const command = new Command('schema')
    .summary('print the JSON Schema of the file')
    .description('Prints the JSON Schema of an island file, from which editors complete and check.')
    .action(async () => {
      const { jsonSchema } = await import('../../config/json-schema.ts');
      out.json(jsonSchema());
    });
  return withExamples(command, [
    ['island config schema > island.schema.json', 'for the yaml language server'],
  ]);
}
