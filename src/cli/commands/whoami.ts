import { Command } from 'commander';
import { roleOf } from '../../model/place.ts';
import { type Deps, type PlaceOptions, withExamples, withPlace } from '../options.ts';

export function whoamiCommand({ out, host, answerNo }: Deps): Command {
  const command = new Command('whoami')
    .summary('say which host of the island this is, and why')
    .description(
      'Finds this host in the file: by --name, else by its hostname, else by one of its addresses. Exits with 1 when it is not there.',
    )
    .action(async (options: PlaceOptions) => {
      const [{ whoami }, { placeJson, renderPlace }] = await Promise.all([
        import('../../app/whoami.ts'),
        import('../render/place.ts'),
      ]);
      const { island, place } = await whoami(await host(), options);
      if (options.json === true) out.json(placeJson(island, place));
      else out.line(renderPlace(island, place));
      if (roleOf(place) === 'none') answerNo();
    });
  return withExamples(withPlace(command), [
    ['island whoami', 'this host'],
    ['island whoami --name fit07', 'what fit07 would be'],
  ]);
}
