import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod/mini';
import { IslandError } from '../errors.ts';
import type { Resolver } from '../plan/name-resource.ts';
import type { NameEffect } from '../plan/name-text.ts';
import type { Observed } from '../plan/observed.ts';
import type { Bus } from './bus.ts';
import { busErrorName } from './bus-faults.ts';
import { indexOf, islandIndexes } from './link-index.ts';
import { formatServer, parseServer } from './resolved-server.ts';
import { isNetworkOfFirst } from './spaces.ts';

/** It is there from the first start of systemd-resolved on; where it is not, the bus is not asked at all. */
export const RESOLVED_FOLDER = '/run/systemd/resolve';

const NAME = 'org.freedesktop.resolve1';
const MANAGER = { destination: NAME, path: '/org/freedesktop/resolve1', interface: `${NAME}.Manager` };
/** What takes longer hangs, and counts as not there. */
const DEADLINE_MS = 3000;

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const serversShape = z.tuple([z.array(z.tuple([z.int(), z.int(), bytes, z.int(), z.string()]))]);
const domainsShape = z.tuple([z.array(z.tuple([z.int(), z.string(), z.boolean()]))]);

/** What systemd-resolved has for the links of islands; undefined where it does not run. It is never started. */
export async function observeResolved(): Promise<Observed['resolved']> {
  try {
    return await withResolved(async (bus) => {
      const links = islandIndexes();
      if (links.size === 0) return [];
      const [[servers], [domains]] = await Promise.all([
        bus.call(propertyOf(MANAGER, 'DNSEx'), serversShape),
        bus.call(propertyOf(MANAGER, 'Domains'), domainsShape),
      ]);
      const told = [...links].filter(([, index]) => [...servers, ...domains].some(([of]) => of === index));
      const found = await Promise.all(
        told.map(async ([link, index]): Promise<Resolver | undefined> => {
          const defaultRoute = await isDefaultRoute(bus, index);
          if (defaultRoute === undefined) return undefined;
          return {
            ...{ kind: 'resolver', link, defaultRoute },
            servers: servers.filter(([of]) => of === index).map(([, ...server]) => formatServer(server)),
            domains: domains
              .filter(([of]) => of === index)
              .map(([, domain, isRouteOnly]) => `${isRouteOnly ? '~' : ''}${domain}`),
          };
        }),
      );
      return found.filter((each) => each !== undefined);
    });
  } catch (error) {
    if (!(error instanceof IslandError)) throw error;
    return isGone(error) ? undefined : 'silent';
  }
}

/**
 * Tells systemd-resolved about a link, or to forget what it was told. Nothing where it does not run or answer by
 * now: whether it has what it should is seen when the host is looked at again.
 */
export async function tellResolved({ link, settings }: NameEffect & { readonly tool: 'resolvectl' }) {
  try {
    await withResolved(async (bus) => {
      const index = indexOf(link);
      if (index === undefined) return;
      const calls = settings === undefined ? [['RevertLink', 'i', []] as const] : settingCalls(settings);
      for (const [member, signature, body] of calls) {
        await untilKnown(() =>
          bus.call({ ...MANAGER, member, signature, body: [index, ...body], ...SOON }, z.any()),
        );
      }
    });
  } catch (error) {
    if (!(error instanceof IslandError)) throw error;
    if (isGone(error) || error.code === 'E_RETRY') return;
    // systemd-networkd has taken the link meanwhile, and nobody else may tell anything of it: the next look says so.
    if (busErrorName(error) === `${NAME}.LinkBusy`) return;
    throw new IslandError('E_APPLY', `resolvectl dns ${link}: ${error.message}`, {
      hint: 'see "journalctl -u systemd-resolved", or write "dns: { client: off }" in the file',
      cause: error,
    });
  }
}

const SOON = { timeoutMs: DEADLINE_MS };

/** In the order in which they are printed. */
function settingCalls({ servers, domains, defaultRoute }: Resolver) {
  const named = domains.map((text) => [text.replace(/^~/, ''), text.startsWith('~')]);
  return [
    ['SetLinkDefaultRoute', 'ib', [defaultRoute]],
    ['SetLinkDomains', 'ia(sb)', [named]],
    ['SetLinkDNSEx', 'ia(iayqs)', [servers.map(parseServer)]],
  ] as const;
}

/** Undefined where it does not run. */
async function withResolved<T>(work: (bus: Bus) => Promise<T>): Promise<T | undefined> {
  if (!existsSync(RESOLVED_FOLDER) || !isNetworkOfFirst()) return undefined;
  const { connectBus } = await import('./bus.ts');
  const bus = await connectBus(SOON);
  try {
    return (await bus.hasOwner(NAME)) ? await work(bus) : undefined;
  } finally {
    bus.close();
  }
}

interface BusObject {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
}

function propertyOf({ destination, path, interface: of }: BusObject, name: string) {
  const get = { destination, path, interface: 'org.freedesktop.DBus.Properties', member: 'Get' };
  return { ...get, signature: 'ss', body: [of, name], ...SOON };
}

/** Undefined for a link that has gone meanwhile. */
async function isDefaultRoute(bus: Bus, index: number): Promise<boolean | undefined> {
  try {
    const find = { ...MANAGER, member: 'GetLink', signature: 'i', body: [index], ...SOON };
    const [path] = await bus.call(find, z.tuple([z.string()]));
    const link = { destination: NAME, path, interface: `${NAME}.Link` };
    return (await bus.call(propertyOf(link, 'DefaultRoute'), z.tuple([z.boolean()])))[0];
  } catch (error) {
    if (isUnknownLink(error)) return undefined;
    throw error;
  }
}

/** It hears of a new link from the kernel, as everybody does, and perhaps a moment later than this process. */
async function untilKnown(call: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    try {
      await call();
      return;
    } catch (error) {
      if (!isUnknownLink(error) || performance.now() > deadline) throw error;
      await delay(20);
    }
  }
}

function isUnknownLink(error: unknown): boolean {
  const name = busErrorName(error);
  return name === `${NAME}.NoSuchLink` || name === 'org.freedesktop.DBus.Error.UnknownObject';
}

/** There is no bus, or nobody has the name any more. */
function isGone(error: IslandError): boolean {
  const name = busErrorName(error)?.replace('org.freedesktop.DBus.Error.', '');
  return error.code === 'E_HOST_UNSUPPORTED' || name === 'ServiceUnknown' || name === 'NameHasNoOwner';
}
