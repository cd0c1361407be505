import { IslandError } from '../errors.ts';
import { shellWord } from '../model/text.ts';
import { linkOf, type Resource } from './resource.ts';

/**
 * What the kernel permits in a link's name and its tools have no way to be told: `#` starts a comment in
 * `ip -batch` and a quote a string, both in nft too, where `*` matches many, and sysctl(8) splits at `=`. What is
 * not UTF-8 has become U+FFFD when we read it.
 */
const UNSPEAKABLE = /[#"'\\=*\p{Cc}\uFFFD]/u;

/** Throws E_CONFIG when a command would have to name a link that no command can name. */
export function requireSpeakable(resources: readonly Resource[]): void {
  for (const resource of resources) {
    const link = linkOf(resource);
    if (link === undefined || !UNSPEAKABLE.test(link)) continue;
    throw new IslandError(
      'E_CONFIG',
      `link ${JSON.stringify(link)}: ip, nft and sysctl cannot be told such a name`,
      {
        hint: `rename it, such as with "ip link set dev ${shellWord(link)} name lan0"`,
      },
    );
  }
}
