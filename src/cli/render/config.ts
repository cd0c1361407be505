import type { CheckedFiles } from '../../app/check-files.ts';

/** Each problem with its hint; one line for a file without. */
export function renderConfig({ files }: CheckedFiles): string[] {
  return files.flatMap(({ path, problems }) =>
    problems.length === 0
      ? [`${path}: correct`]
      : problems.flatMap(({ text, hint }) => [text, `  hint: ${hint}`]),
  );
}

export function configJson({ files }: CheckedFiles) {
  return { schemaVersion: 1, files };
}
