import { Argument, Command } from 'commander';
import { type NameServer, RESOLVERS, type ResolverKind } from '../../model/name-server.ts';
import { type Deps, type PlaceOptions, withExamples, withName, withSelection } from '../options.ts';
import { serverOption } from './dns-query.ts';

interface ClientFlags extends PlaceOptions {
  readonly server?: NameServer;
}

export function dnsClientCommand({ out, host }: Deps): Command {
  const command = new Command('client')
    .summary('print what a resolver has to be told')
    .description(
      "Prints the piece of a resolver's own configuration with which it asks the island about the island's names and addresses, and its own servers about the rest. Its first line says where it belongs.",
    )
    .addArgument(new Argument('<resolver>', 'the resolver').choices(RESOLVERS))
    .addOption(serverOption('who answers, if not the responder nearest to this host'))
    .action(async (kind: ResolverKind, options: ClientFlags) => {
      const [{ splitDns }, { renderClient }] = await Promise.all([
        import('../../app/dns-client.ts'),
        import('../render/dns-client.ts'),
      ]);
      for (const line of renderClient(kind, await splitDns(await host(), options))) out.line(line);
    });
  return withExamples(withName(withSelection(command)), [
    ['island dns client dnsmasq > /etc/dnsmasq.d/island-r2lab.conf', 'for the dnsmasq of this host'],
    ['island dns client resolved', 'what systemd-resolved is told, or needs on a host without a link'],
    ['island dns client coredns --server 10.3.1.2', 'a block for the Corefile of a cluster'],
  ]);
}
