import { createAdmission } from '../../../src/dns/admission.ts';
import { compile } from '../../../src/dns/compile.ts';
import { createDnsServer } from '../../../src/dns/server.ts';
import { createTally } from '../../../src/dns/tally.ts';
import { transfersOf } from '../../../src/dns/transfer.ts';
import type { Zone } from '../../../src/dns/zone.ts';
import { hostSubnet, type Ipv4, parseSubnet, toNumber } from '../../../src/model/ip.ts';
import { memoryLog } from '../hub/hub.ts';

/** A responder on a free port of loopback. */
export interface ZoneServer {
  readonly address: Ipv4;
  readonly port: number;
  /** Goes by these from now on. */
  serve(zones: readonly Zone[]): void;
  close(): Promise<void>;
}

/** Gives whole zones to 127.0.0.1 alone, and answers of all loopback. */
export async function startZoneServer(first: readonly Zone[]): Promise<ZoneServer> {
  const { network: address } = hostSubnet('127.0.0.1' as Ipv4);
  let zones = first;
  let compiled = compile(first);
  const now = () => performance.now();
  const admission = createAdmission({ ranges: [parseSubnet('127.0.0.0/8')], allow: [], now });
  const server = createDnsServer({
    ...{ zones: () => compiled, admission: () => admission, tally: createTally(), log: memoryLog().log },
    transfers: transfersOf({ zones: () => zones, admits: (source) => source === toNumber(address) }),
  });
  await server.listen([{ address, port: 0 }]);
  const [{ port } = { port: 0 }] = server.state();
  return {
    ...{ address, port, close: server.close },
    serve(next) {
      zones = next;
      compiled = compile(next);
    },
  };
}
