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
  | { readonly kind: 'start' | 'stop' | 'reload' | 'reset-failed'; readonly unit: string }
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

export function isWritten(text: string): boolean {
  return text.startsWith(MARK);
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

export interface EnableWish {
  readonly island: string;
  readonly term: Term;
  /** Start the units as well. */
  readonly now: boolean;
  /** The kernel is not as the file says. */
  readonly isDue: boolean;
}

/** Enabling comes last: what fails before that is not tried at every boot. None where all is so already. */
export function enableSteps(seen: UnitsSeen, { island, term, now, isDue }: EnableWish): readonly UnitStep[] {
  const units = unitsOf(island);
  const files = fileSteps(seen, filesTerm([...linksOfOthers(seen, units), { term }], false));
  const has = (unit: string, wanted: Term) =>
    seen.links.some((link) => link.unit === unit && link.term === wanted);
  const other: Term = term === 'persistent' ? 'runtime' : 'persistent';
  const missing = units.filter((unit) => !has(unit, term));
  const extra = units.filter((unit) => has(unit, other));
  const [join] = units;
  const due = isDue && seen.active.has(join) ? [{ kind: 'reload', unit: join } as const] : [];
  const down = units.filter((unit) => !seen.active.has(unit));
  return [
    ...files,
    ...(files.length > 0 ? [{ kind: 'verify', units } as const] : []),
    ...(files.length > 0 || seen.isStale ? [RELOAD] : []),
    ...(now ? [...due, ...down.map((unit) => ({ kind: 'start', unit }) as const)] : []),
    ...(missing.length > 0 ? [{ kind: 'enable', units, term } as const] : []),
    ...(extra.length > 0 ? [{ kind: 'disable', units, term: other } as const] : []),
    ...(missing.length + extra.length > 0 ? [RELOAD] : []),
  ];
}

export interface DisableWish {
  readonly island: string;
  /** Stop the units as well. */
  readonly now: boolean;
}

/** Units that go on running keep their files until the next boot, or systemd would not know how to stop them. */
export function disableSteps(seen: UnitsSeen, { island, now }: DisableWish): readonly UnitStep[] {
  const units = unitsOf(island);
  const stopped = now ? units.filter((unit) => seen.up.has(unit)).toReversed() : [];
  const isRunning = [...seen.up].some((unit) => !stopped.includes(unit));
  const files = fileSteps(seen, filesTerm(linksOfOthers(seen, units), isRunning));
  const unlinked = (['persistent', 'runtime'] as const).filter((term) =>
    seen.links.some((link) => units.includes(link.unit) && link.term === term),
  );
  const failed = units.filter((unit) => seen.failed.has(unit));
  return [
    ...stopped.map((unit) => ({ kind: 'stop', unit }) as const),
    ...unlinked.map((term) => ({ kind: 'disable', units, term }) as const),
    ...files,
    ...(unlinked.length + files.length > 0 ? [RELOAD] : []),
    ...failed.map((unit) => ({ kind: 'reset-failed', unit }) as const),
  ];
}

const RELOAD = { kind: 'daemon-reload' } as const;

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
    case 'reload':
    case 'reset-failed':
      return `systemctl ${step.kind} ${step.unit}`;
    case 'enable':
    case 'disable':
      return `systemctl ${step.kind}${step.term === 'runtime' ? ' --runtime' : ''} ${step.units.join(' ')}`;
  }
}

function linksOfOthers({ links }: UnitsSeen, units: readonly string[]): readonly UnitLink[] {
  return links.filter(({ unit }) => !units.includes(unit));
}

/** How long the templates have to last, which all islands of a host share. */
function filesTerm(links: readonly Pick<UnitLink, 'term'>[], isRunning: boolean): Term | undefined {
  if (links.some(({ term }) => term === 'persistent')) return 'persistent';
  return links.length > 0 || isRunning ? 'runtime' : undefined;
}

/** Writes before it removes: systemd is never without a unit that it has. */
function fileSteps(seen: UnitsSeen, term: Term | undefined): readonly UnitStep[] {
  const wanted = new Map(term === undefined ? [] : wantedFiles(seen, term));
  const writes = [...wanted]
    .filter(([path, text]) => seen.written.get(path) !== text)
    .map(([path, text]) => ({ kind: 'write', path, text }) as const);
  const removals = [...seen.written.keys()].filter((path) => !wanted.has(path));
  return [...writes, ...removals.map((path) => ({ kind: 'remove', path }) as const)];
}

function wantedFiles({ shipped, packaged, foreign, folders }: UnitsSeen, term: Term): [string, string][] {
  return shipped
    .filter(({ name }) => !packaged.has(name) && folders.has(folderOf(name)))
    .filter(({ name }) => !foreign.has(pathOf(name, 'persistent')) && !foreign.has(pathOf(name, term)))
    .map(({ name, text }) => [pathOf(name, term), `${MARK}${text}`]);
}
