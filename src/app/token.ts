import { DEFAULT_PORT } from '../config/values.ts';
import type { Host } from '../host/host.ts';
import type { Token } from '../hub/register.ts';
import { readRegister, updateRegister } from '../hub/register-store.ts';
import { createToken, formatToken, revokeToken, type TokenWish } from '../hub/tokens.ts';
import { type TokenView, tokenViews } from '../hub/views.ts';
import type { Island } from '../model/island.ts';
import { requireHub } from './hub.ts';
import type { Selection } from './select.ts';
import { termsOf } from './terms.ts';

export interface CreatedToken {
  readonly island: string;
  readonly id: string;
  readonly name: string | undefined;
  readonly expiresMs: number;
  readonly uses: number | undefined;
  /** `<id>.<key>`: a secret, for whoever asked for it. */
  readonly token: string;
  /** What to type on the worker. */
  readonly command: string;
}

export interface ListedTokens {
  readonly island: string;
  readonly tokens: readonly TokenView[];
}

/** Makes a token with which hosts may join as workers. */
export async function makeToken(host: Host, wish: TokenWish & Selection): Promise<CreatedToken> {
  const island = await requireHub(host, wish, 'token create');
  const terms = termsOf(host, island);
  const token = await updateRegister(host, island.name, (register) => createToken(register, wish, terms));
  const { id, name, expiresMs, usesLeft: uses } = token;
  const shown = { token: formatToken(token), command: commandOf(island, token) };
  return { island: island.name, id, name, expiresMs, uses, ...shown };
}

export async function listTokens(host: Host, selection: Selection): Promise<ListedTokens> {
  const { name } = await requireHub(host, selection, 'token list');
  const register = await readRegister(host, name);
  return { island: name, tokens: register === undefined ? [] : tokenViews(register, host.date()) };
}

/** Takes it back by its id, or by the whole of it; gives the id. */
export async function takeBackToken(
  host: Host,
  { token, ...selection }: Selection & { readonly token: string },
): Promise<string> {
  const { name } = await requireHub(host, selection, 'token revoke');
  const [given = ''] = token.split('.');
  const { id } = await updateRegister(host, name, (register) => revokeToken(register, given));
  return id;
}

function commandOf({ hub, port }: Island, token: Token): string {
  const where = port === DEFAULT_PORT ? hub.outer : `${hub.outer}:${port}`;
  const who = token.name === undefined ? '' : ` --name ${token.name}`;
  return `island join --hub ${where}${who} --token ${formatToken(token)}`;
}
