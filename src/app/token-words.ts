import { IslandError } from '../errors.ts';
import { parseSubnet } from '../model/ip.ts';
import { isHostName } from '../model/names.ts';

/** E_USAGE for what cannot be the name of a host. */
export function requireName(name: string): void {
  if (isHostName(name)) return;
  throw new IslandError('E_USAGE', `not a name for a host of an island: ${JSON.stringify(name)}`, {
    hint: 'say another one with --name, in lower case, such as --name fit07',
  });
}

/** The two parts of a token; E_USAGE, without a word of it, when it is none. */
export function parseToken(text: string): { readonly id: string; readonly key: string } {
  const [id = '', key = '', ...rest] = text.trim().split('.');
  if (/^[a-z2-7]{8}$/.test(id) && /^[\w-]{43}$/.test(key) && rest.length === 0) return { id, key };
  throw new IslandError('E_USAGE', 'not a token: eight letters, a dot, and 43 letters', {
    hint: 'copy the whole line that "island token create" printed on the hub',
  });
}

/** E_USAGE for a --route that is no subnet. */
export function requireRanges(routes: readonly string[]): void {
  for (const route of routes) {
    try {
      parseSubnet(route);
    } catch (cause) {
      if (!(cause instanceof IslandError)) throw cause;
      const { message, hint = 'write it as 10.244.7.0/24' } = cause;
      throw new IslandError('E_USAGE', `--route: ${message}`, { hint, cause });
    }
  }
}
