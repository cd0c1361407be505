/** How long it lasts that a unit is enabled: for good, or until the next boot. */
export type Term = 'persistent' | 'runtime';

/** A file of units/, such as `island@.service`, as it is to be on this host. */
export interface UnitFile {
  readonly name: string;
  readonly text: string;
}

/** A unit that is enabled: there is a link to it that a boot follows. */
export interface UnitLink {
  readonly unit: string;
  readonly term: Term;
}

/** What of islands systemd has, and what it could have. */
export interface UnitsSeen {
  readonly shipped: readonly UnitFile[];
  /** Names of those that systemd already has with the same bytes, from a package. */
  readonly packaged: ReadonlySet<string>;
  /** By path: what an `island enable` wrote. */
  readonly written: ReadonlyMap<string, string>;
  /** Paths at which somebody else wrote a unit of ours: they count, and are nobody's to touch. */
  readonly foreign: ReadonlySet<string>;
  /** Folders of settings that are of use here: NetworkManager's only where there is one. */
  readonly folders: ReadonlySet<string>;
  readonly links: readonly UnitLink[];
  /** Units that run, or are about to, perhaps once more. */
  readonly up: ReadonlySet<string>;
  /** Those of them that have come up. */
  readonly active: ReadonlySet<string>;
  readonly failed: ReadonlySet<string>;
  /** systemd has read other bytes of a unit than there are now. */
  readonly isStale: boolean;
}

export type UnitStep =
  | { readonly kind: 'write'; readonly path: string; readonly text: string }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'verify'; readonly units: readonly string[] }
  | { readonly kind: 'daemon-reload' }
  | { readonly kind: 'start' | 'stop' | 'restart' | 'reload' | 'reset-failed'; readonly unit: string }
  | { readonly kind: 'enable' | 'disable'; readonly units: readonly string[]; readonly term: Term };

/** First line of what `island enable` writes: by it `disable` knows it again. */
const MARK = '# Written by "island enable"; "island disable" takes it away.\n';

/** Where systemd and its like look for a file, by the kind of it (systemd.unit(5), systemd.link(5)). */
const FOLDERS: Readonly<Record<string, string>> = {
  ...{ service: 'systemd/system', target: 'systemd/system', socket: 'systemd/system' },
  ...{ link: 'systemd/network', network: 'systemd/network', conf: 'NetworkManager/conf.d' },
};
export const UNIT_FOLDERS: readonly string[] = [...new Set(Object.values(FOLDERS))];
const ROOTS: Readonly<Record<Term, string>> = { persistent: '/etc', runtime: '/run' };
export const VENDOR_ROOTS: readonly string[] = ['/usr/local/lib', '/usr/lib', '/lib'];

/** `systemd/network` for `70-island.link`. */
export function folderOf(name: string): string {
  return FOLDERS[name.slice(name.lastIndexOf('.') + 1)] ?? 'systemd/system';
}

export function rootOf(term: Term): string {
  return ROOTS[term];
}

export function pathOf(name: string, term: Term): string {
  return `${ROOTS[term]}/${folderOf(name)}/${name}`;
}

/** Joins at boot, leaves at shutdown, and keeps what it joined. */
export function unitsOf(island: string): readonly [join: string, daemon: string] {
  return [`island@${island}.service`, `islandd@${island}.service`];
}

export function marked(text: string): string {
  return `${MARK}${text}`;
}

export function isWritten(text: string): boolean {
  return text.startsWith(MARK);
}

/** The text that systemd goes by: what is below /etc comes first. */
export function writtenSocket(written: UnitsSeen['written'], name: string): string | undefined {
  return written.get(pathOf(name, 'persistent')) ?? written.get(pathOf(name, 'runtime'));
}

/**
 * The file with the program that is meant in place of the word `island`; undefined keeps the word, since systemd
 * finds the program by it. The words are quoted for systemd.service(5), "Command lines".
 */
export function withProgram(text: string, program: readonly string[] | undefined): string {
  if (program === undefined) return text;
  const words = program.map((word) => {
    const escaped = word.replaceAll(/[\\"]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$');
    return /^[\w@%+=:,./-]+$/.test(escaped) ? escaped : `"${escaped}"`;
  });
  return text.replaceAll(
    /^(Exec\w+=[-:+!@]*)island (?=\S)/gm,
    (_, before: string) => `${before}${words.join(' ')} `,
  );
}

/** As it would be typed. */
export function formatStep(step: UnitStep): string {
  switch (step.kind) {
    case 'write':
      return `write ${step.path}`;
    case 'remove':
      return `rm ${step.path}`;
    case 'verify':
      return `systemd-analyze verify ${step.units.join(' ')}`;
    case 'daemon-reload':
      return 'systemctl daemon-reload';
    case 'start':
    case 'stop':
    case 'restart':
    case 'reload':
    case 'reset-failed':
      return `systemctl ${step.kind} ${step.unit}`;
    case 'enable':
    case 'disable':
      return `systemctl ${step.kind}${step.term === 'runtime' ? ' --runtime' : ''} ${step.units.join(' ')}`;
  }
}
