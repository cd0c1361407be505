import type { Finding, Site } from './finding.ts';

const FILE = '/etc/systemd/networkd.conf.d/island.conf';

/**
 * systemd-networkd deletes rules and routes that it did not make whenever it configures a link, such as one
 * that has just come [252]. Whoever wants both has to tell it.
 */
export function networkdTakes({ observed }: Site): Finding[] {
  const { takes = [] } = observed.networkd ?? {};
  if (takes.length === 0) return [];
  const lines = ['[Network]', ...takes.map((setting) => `${setting}=no`)].join('\\n');
  const what = takes.map((setting) => (setting === 'ManageForeignRoutes' ? 'routes' : 'rules')).join(' and ');
  return [
    {
      weight: 'note',
      text: `systemd-networkd deletes ${what} of others, the island's among them, when it configures a link: "island join" puts them back`,
      hint: `printf '${lines}\\n' >${FILE}, then "systemctl restart systemd-networkd"`,
    },
  ];
}
