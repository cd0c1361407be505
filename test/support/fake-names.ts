import type { Resolver } from '../../src/plan/name-resource.ts';
import type { Observed } from '../../src/plan/observed.ts';

/**
 * What a host in memory finds names by: systemd-resolved, where it runs, and /etc/hosts. It reads the commands that
 * island prints, with a small grammar of its own for each, and refuses others.
 */
export class FakeNames {
  /** Undefined where systemd-resolved does not run. */
  #links: Map<string, Resolver> | undefined;
  hosts: string;

  constructor({ resolved, hosts }: { readonly resolved: boolean; readonly hosts: string }) {
    this.#links = resolved ? new Map() : undefined;
    this.hosts = hosts;
  }

  /** Stopped, or started again without what it knew. */
  run(isRunning: boolean): void {
    this.#links = isRunning ? new Map() : undefined;
  }

  observe(): Pick<Observed, 'resolved' | 'hostsFile'> {
    const told = [...(this.#links ?? []).values()].filter(
      ({ servers, domains }) => servers.length + domains.length > 0,
    );
    return { resolved: this.#links && told, hostsFile: { text: this.hosts } };
  }

  forget(link: string): void {
    this.#links?.delete(link);
  }

  /** Whether it was one of its commands. A resolver that does not run is told nothing, and nobody complains. */
  perform(command: string, isLink: (name: string) => boolean): boolean {
    const [, verb, link = '', words = ''] = /^resolvectl (\S+) (\S+) ?(.*)$/.exec(command) ?? [];
    if (verb === undefined) return this.#edit(command);
    if (!isLink(link)) throw new Error(`resolvectl: ${link}: No such device`);
    const before = this.#links?.get(link) ?? { ...UNTOLD, link };
    this.#links?.set(link, { ...before, ...settingOf(verb, words) });
    return true;
  }

  #edit(command: string): boolean {
    const added = /^cat >>\/etc\/hosts <<'EOF'\n(?<text>.*\n)EOF$/s.exec(command)?.groups?.['text'];
    if (added !== undefined) {
      this.hosts += added;
      return true;
    }
    const { first, last, verb, text } =
      /^sed -i '\/\^(?<first>[^$]*)\$\/,\/\^(?<last>[^$]*)\$\/(?<verb>d|c\\\n(?<text>.*))' \/etc\/hosts$/s.exec(
        command,
      )?.groups ?? {};
    if (verb === undefined) return false;
    const lines = this.hosts.split('\n');
    const range = [lines.indexOf(first ?? ''), lines.indexOf(last ?? '')] as const;
    const instead = text === undefined ? [] : text.split('\\\n');
    this.hosts = lines.toSpliced(range[0], range[1] + 1 - range[0], ...instead).join('\n');
    return true;
  }
}

const UNTOLD = { kind: 'resolver', servers: [], domains: [], defaultRoute: false } as const;

function settingOf(verb: string, words: string): Partial<Resolver> {
  const values = words.split(' ').map((word) => word.replaceAll("'", ''));
  switch (verb) {
    case 'dns':
      return { servers: values };
    case 'domain':
      return { domains: values };
    case 'default-route':
      return { defaultRoute: words === 'yes' };
    case 'revert':
      return UNTOLD;
    default:
      throw new Error(`unexpected command: resolvectl ${verb}`);
  }
}
