import { createAdmission, rangesOf } from '../../../src/dns/admission.ts';
import { compile } from '../../../src/dns/compile.ts';
import { createDnsServer, type DnsServer, type ServerOptions } from '../../../src/dns/server.ts';
import { createTally, type Tally } from '../../../src/dns/tally.ts';
import { zonesOf } from '../../../src/dns/zone.ts';
import type { Island } from '../../../src/model/island.ts';
import type { Log } from '../../../src/model/log.ts';

export interface Responder {
  readonly server: DnsServer;
  readonly tally: Tally;
  /** From the next question on. */
  serve(island: Island): void;
}

/** A responder for an island of which all is known. */
export function responderFor(
  first: Island,
  options: Pick<ServerOptions, 'log'> & Partial<ServerOptions>,
): Responder {
  const tally = createTally();
  let { zones, admission } = servingOf(first);
  const server = createDnsServer({ zones: () => zones, admission: () => admission, tally, ...options });
  return {
    server,
    tally,
    serve(island) {
      ({ zones, admission } = servingOf(island));
    },
  };
}

function servingOf(island: Island) {
  return {
    zones: compile(zonesOf({ island, workers: [], serial: 1 })),
    admission: createAdmission({
      ...{ ranges: rangesOf(island), allow: island.dns.allow, now: () => performance.now() },
    }),
  };
}

/** A log that remembers. */
export function memoryLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const say =
    (level: string): Log['info'] =>
    (fields, text) =>
      void lines.push(`${level} ${text} ${JSON.stringify(fields)}`);
  return { lines, info: say('info'), warn: say('warn'), error: say('error') };
}
