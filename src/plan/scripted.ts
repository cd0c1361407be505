import type { Resource } from './resource.ts';

/** The kinds of resources that an exported script makes, in the order in which `effectsOf` has them. */
export const PARTS = [
  ...(['nft', 'accept', 'fallback', 'link', 'address', 'neighbour', 'route', 'rule', 'fdb'] as const),
  ...(['sysctl', 'resolver', 'hosts'] as const),
] as const satisfies readonly Resource['kind'][];

export type Part = (typeof PARTS)[number];

/** Whether a script makes it; what it does not, it says. */
export function isScripted({ kind }: Resource): boolean {
  return PARTS.some((part) => part === kind);
}
