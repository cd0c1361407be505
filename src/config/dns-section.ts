import * as z from 'zod/mini';
import { said } from './fault.ts';
import { judged, section, text } from './format.ts';
import { ownerFault, recordFaults, ttlFault } from './records.ts';
import { listenFault, subnetFault } from './values.ts';

/** What the file says of the names of the island, and of who answers for them. */
export function dnsSection() {
  return z.prefault(
    section({
      client: z._default(dnsClient(), 'auto').check(
        z.meta({
          description:
            'How programs on a host find its names. `auto`: systemd-resolved asks the hub where it runs already, on hosts with a link; ' +
            'nothing elsewhere. `hosts`: where that does not apply, as on members, which have no link, a marked block in `/etc/hosts`. `off`: neither.',
        }),
      ),
      listen: z._default(z.array(text(listenFault, '192.168.3.100', { format: 'ipv4' })), []).check(
        z.meta({
          description:
            'Where the DNS responder answers beside the inner addresses: on those that the hub and the peers have in their networks, ' +
            'and on loopback ones (every host then answers there).',
        }),
      ),
      allow: z._default(z.array(text(subnetFault, '172.17.0.0/16')), []).check(
        z.meta({
          description:
            "Subnets that may ask beside the island's own ranges, each address 20 times a second. Nobody else is answered.",
        }),
      ),
      ttl: z
        ._default(text(ttlFault, '30s'), '30s')
        .check(z.meta({ description: 'How long resolvers remember an answer, from 1s to 24h.' })),
      negativeTtl: z
        ._default(text(ttlFault, '10s'), '10s')
        .check(z.meta({ description: 'How long they remember that there is no such name, from 1s to 24h.' })),
      records: z
        ._default(z.array(dnsRecord()), [])
        .check(z.meta({ description: 'Records beside those of the hosts.' })),
    }),
    {},
  );
}

function dnsClient() {
  return z.enum(['auto', 'hosts', 'off'], {
    error: said({ message: 'not a way to find names', hint: 'write auto, hosts or off' }),
  });
}

function dnsRecord() {
  const record = section({
    name: text(ownerFault, 'api').check(
      z.meta({ description: 'Owner name relative to the zone, `@` for the zone itself.' }),
    ),
    type: z
      ._default(
        z.enum(['A', 'AAAA', 'CNAME', 'TXT', 'SRV'], {
          error: said({ message: 'not a type of record', hint: 'write A, AAAA, CNAME, TXT or SRV' }),
        }),
        'A',
      )
      .check(z.meta({ description: 'Type of the record.' })),
    value: text(() => undefined, '192.168.3.10').check(
      z.meta({
        description:
          'What it says. The target of a CNAME or SRV is a name of the island, or any name with a final dot.',
      }),
    ),
  });
  return judged(record, recordFaults);
}
