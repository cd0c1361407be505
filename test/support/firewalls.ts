import { DOCKER, DOCKER_RESTART } from './docker-rules.ts';
import type { LabHost } from './lab/host.ts';

/** A firewall as its own tools set it up, on a host of the model network. */
export interface TestFirewall {
  readonly name: string;
  /** Lets through what the host needs without island: its networks, and nothing else from outside. */
  raise(host: LabHost): Promise<void>;
  /** What its operator does after a change. */
  reload(host: LabHost): Promise<void>;
  /** Whether a reload takes out what others put in. */
  readonly forgets: boolean;
  /** All of its rules, in its own words. */
  dump(host: LabHost): Promise<string>;
  /** Where its rules of ours are seen, in its own words. */
  readonly shows: RegExp;
}

/** The networks of a host that its firewall trusts: by link on a gateway, by source on the hub, whose uplink is its LAN. */
function trusted({ name }: LabHost): readonly { readonly link?: string; readonly source?: string }[] {
  return name === 'faraday' ? [{ link: 'control' }, { link: 'data' }] : [{ source: '138.96.245.0/24' }];
}

/** A table as most people write it, for `iptables-restore`; FORWARD passes what Docker or a router would let through. */
function filterTable(host: LabHost): string {
  const accepts = trusted(host).flatMap(({ link, source }) => [
    `-A INPUT ${link === undefined ? `-s ${source}` : `-i ${link}`} -j ACCEPT`,
  ]);
  return `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -m conntrack --ctstate INVALID -j DROP
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
${accepts.join('\n')}
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -j REJECT --reject-with icmp-host-prohibited
COMMIT
`;
}

function iptables(variant: 'nft' | 'legacy'): TestFirewall {
  const load = async (host: LabHost) => {
    await host.run([`iptables-${variant}-restore`], { input: filterTable(host) });
  };
  return {
    ...{
      name: `iptables-${variant}`,
      raise: load,
      reload: load,
      forgets: true,
      shows: /-A INPUT -i isl-\+ .*-j ACCEPT/,
    },
    dump: (host) => saved(host, `iptables-${variant}-save`),
  };
}

/** Without the counters and the time of day. */
async function saved(host: LabHost, program: string): Promise<string> {
  return (await host.run([program])).replace(/^#.*\n/gm, '').replace(/\[\d+:\d+\]/g, '[0:0]');
}

function docker(variant: 'nft' | 'legacy'): TestFirewall {
  const restore = (input: string) => async (host: LabHost) => {
    await host.run([`iptables-${variant}-restore`, '--noflush'], { input });
  };
  return {
    ...{ name: `Docker 28.5 in iptables-${variant}`, forgets: false },
    ...{
      raise: restore(DOCKER),
      reload: restore(DOCKER_RESTART),
      shows: /-A DOCKER-USER -i isl-\+ .*-j ACCEPT/,
    },
    dump: (host) => saved(host, `iptables-${variant}-save`),
  };
}

const UFW: TestFirewall = {
  ...{ name: 'ufw', forgets: false, shows: /-A INPUT -i isl-\+ .*-j ACCEPT/ },
  async raise(host) {
    await host.run(['ufw', 'default', 'deny', 'incoming']);
    await host.run(['ufw', 'default', 'deny', 'routed']);
    for (const { link, source } of trusted(host)) {
      await host.run(
        link === undefined ? ['ufw', 'allow', 'from', source ?? ''] : ['ufw', 'allow', 'in', 'on', link],
      );
    }
    await host.run(['ufw', '--force', 'enable']);
    // The first reload adds rules of its own.
    await host.run(['ufw', 'reload']);
  },
  async reload(host) {
    await host.run(['ufw', 'reload']);
  },
  dump: (host) => saved(host, 'iptables-save'),
};

/** The daemon itself, on a bus of the host's own. */
const FIREWALLD: TestFirewall = {
  ...{ name: 'firewalld', forgets: true, shows: /iifgroup 10310 .*accept comment "island:r2lab / },
  async raise(host) {
    await host.run(['mkdir', '-p', '/run/dbus']);
    await host.run(['dbus-daemon', '--system', '--fork', '--nopidfile']);
    host.start(['firewalld', '--nofork', '--nopid']);
    await host.run(['sh', '-c', 'until firewall-cmd --state; do sleep 0.1; done']);
    for (const { link, source } of trusted(host)) {
      const what = link === undefined ? `--add-source=${source}` : `--add-interface=${link}`;
      await host.run(['firewall-cmd', '--permanent', '--zone=trusted', what]);
    }
    await host.run(['firewall-cmd', '--reload']);
  },
  async reload(host) {
    await host.run(['firewall-cmd', '--reload']);
  },
  async dump(host) {
    return (await host.run(['nft', 'list', 'table', 'inet', 'firewalld'])).replace(
      /packets \d+ bytes \d+/g,
      '',
    );
  },
};

export const FIREWALLS: readonly TestFirewall[] = [
  iptables('nft'),
  iptables('legacy'),
  docker('nft'),
  docker('legacy'),
  UFW,
  FIREWALLD,
];
