import { HOSTS_FILE, markersOf } from '../model/hosts-file.ts';
import { shellWord } from '../model/text.ts';
import type { Step } from './diff.ts';
import type { HostsBlock, Resolver } from './name-resource.ts';

/** What is done about names: one conversation with systemd-resolved, or one replacement of /etc/hosts. */
export type NameEffect =
  | { readonly tool: 'resolvectl'; readonly link: string; readonly settings: Resolver | undefined }
  | {
      readonly tool: 'hosts';
      readonly action: 'add' | 'change' | 'remove';
      readonly block: HostsBlock;
    };

/** The effects of the steps that put names there, or of those that take them away. */
export function nameEffects(steps: readonly Step[], isRemoval: boolean): NameEffect[] {
  return steps
    .filter(({ action }) => (action === 'remove') === isRemoval)
    .flatMap(({ action, resource }): NameEffect[] => {
      if (resource.kind === 'resolver') {
        return [{ tool: 'resolvectl', link: resource.link, settings: isRemoval ? undefined : resource }];
      }
      if (resource.kind !== 'hosts') return [];
      return [{ tool: 'hosts', action: action === 'recreate' ? 'change' : action, block: resource }];
    });
}

export function nameCommands(effect: NameEffect): string[] {
  if (effect.tool === 'hosts') return [hostsCommand(effect.action, effect.block)];
  const link = shellWord(effect.link);
  if (effect.settings === undefined) return [`resolvectl revert ${link}`];
  const { servers, domains, defaultRoute } = effect.settings;
  // The server last: until its domain is there, a link with one may be asked about everything.
  return [
    `resolvectl default-route ${link} ${defaultRoute ? 'yes' : 'no'}`,
    `resolvectl domain ${link} ${listed(domains)}`,
    `resolvectl dns ${link} ${listed(servers)}`,
  ];
}

/** An empty word empties the list. */
function listed(values: readonly string[]): string {
  return values.length === 0 ? "''" : values.map(shellWord).join(' ');
}

function hostsCommand(action: 'add' | 'change' | 'remove', { island, lines }: HostsBlock): string {
  const { begin, end } = markersOf(island);
  const range = `/^${begin}$/,/^${end}$/`;
  const text = [begin, ...lines, end];
  switch (action) {
    case 'add':
      return [`cat >>${HOSTS_FILE} <<'EOF'`, ...text, 'EOF'].join('\n');
    case 'change':
      return `sed -i '${range}c\\\n${text.join('\\\n')}' ${HOSTS_FILE}`;
    case 'remove':
      return `sed -i '${range}d' ${HOSTS_FILE}`;
  }
}
