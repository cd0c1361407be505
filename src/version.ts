/** Put in by build.mjs from package.json. */
declare const ISLAND_VERSION: string;

export const version = ISLAND_VERSION;
