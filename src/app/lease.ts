import { IslandError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { release } from '../hub/leases.ts';
import { pin, unpin } from '../hub/pins.ts';
import { readRegister, updateRegister } from '../hub/register-store.ts';
import { type LeaseView, leaseViews } from '../hub/views.ts';
import { type Ipv4, isIpv4 } from '../model/ip.ts';
import type { Island } from '../model/island.ts';
import { applyWorkers } from './apply-workers.ts';
import { requireHub } from './hub.ts';
import type { Selection } from './select.ts';
import { termsOf } from './terms.ts';

export interface ListedLeases {
  readonly island: string;
  readonly leases: readonly LeaseView[];
}

export interface Released {
  readonly island: string;
  readonly name: string;
  readonly inner: Ipv4;
  /** Whether a machine had it. */
  readonly wasHeld: boolean;
  readonly isForgotten: boolean;
}

export interface Pinned {
  readonly island: string;
  readonly name: string;
  readonly inner: Ipv4;
  readonly pinned: boolean;
}

export async function listLeases(host: Host, selection: Selection): Promise<ListedLeases> {
  const { name } = await requireHub(host, selection, 'lease list');
  const register = await readRegister(host, name);
  return { island: name, leases: register === undefined ? [] : leaseViews(register) };
}

/** Takes a lease from its holder, in the register and then in the kernel. */
export async function releaseLease(
  host: Host,
  { name, forget = false, ...selection }: Selection & { readonly name: string; readonly forget?: boolean },
): Promise<Released> {
  const island = await requireHub(host, selection, 'lease release');
  const now = host.date();
  const { inner, holder } = await updateRegister(host, island.name, (register) =>
    release(register, { name, forget }, now),
  );
  await cutOff(host, island);
  return { island: island.name, name, inner, wasHeld: holder !== undefined, isForgotten: forget };
}

/** Another command may be at the kernel, when the lease is released already. */
async function cutOff(host: Host, island: Island): Promise<void> {
  try {
    await applyWorkers(host, island);
  } catch (cause) {
    if (!(cause instanceof IslandError)) throw cause;
    const { code, message } = cause;
    const hint = 'run "island join" here, which tells it; where "island serve" runs, it does so soon';
    throw new IslandError(code, `${message}; the lease is released, but the kernel does not know yet`, {
      ...{ hint, cause },
    });
  }
}

export interface PinOptions extends Selection {
  readonly name: string;
  readonly address?: string | undefined;
  readonly remove?: boolean | undefined;
}

/** Keeps an address for a name, or with `remove` no longer. */
export async function pinLease(
  host: Host,
  { name, address, remove = false, ...selection }: PinOptions,
): Promise<Pinned> {
  const island = await requireHub(host, selection, 'lease pin');
  if (address !== undefined && remove) {
    throw new IslandError('E_USAGE', '--address and --remove exclude each other', {
      hint: 'leave out one of the two',
    });
  }
  if (address !== undefined && !isIpv4(address)) {
    throw new IslandError('E_USAGE', `--address: not an IPv4 address: ${JSON.stringify(address)}`, {
      hint: 'write a free address of "workers.pool"',
    });
  }
  const terms = termsOf(host, island);
  const { inner, pinned } = await updateRegister(host, island.name, (register) =>
    remove ? unpin(register, name) : pin(register, { name, address }, terms),
  );
  return { island: island.name, name, inner, pinned };
}
