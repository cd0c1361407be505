import type { Kept } from '../app/heal.ts';
import { DNS_PORT, responderAddresses } from '../model/responder.ts';
import { ownAddresses } from '../plan/observed.ts';
import { keepCounters } from './counters.ts';
import type { Assignment, Names } from './names.ts';
import type { Service, Standing } from './service.ts';

/** The responder, on a host that answers for names somewhere. */
export function dnsServices(names: Names): (kept: Kept) => readonly Service[] {
  const service: Service = {
    name: 'names',
    async start(setting) {
      const { host, island, log, trouble } = setting;
      await names.bring(assignmentOf(setting));
      names.watch(trouble);
      const counters = keepCounters({
        ...{ store: host.store(island.name), counted: names.counted, log, since: host.date() },
      });
      return {
        async changed(standing) {
          await names.bring(assignmentOf(standing));
          return true;
        },
        repaired: names.retry,
        leased: names.leased,
        async close() {
          await names.rest();
          await counters.close();
        },
      };
    },
  };
  return (kept) => (assignmentOf(kept).endpoints.length === 0 ? [] : [service]);
}

function assignmentOf({ island, scene: { place, observed } }: Standing): Assignment {
  const addresses = responderAddresses(island, place, ownAddresses(observed));
  return { island, place, endpoints: addresses.map((address) => ({ address, port: DNS_PORT })) };
}
