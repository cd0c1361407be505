import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';

// The file that is started. All of island is one bundle beside it, a function expression of (require, module),
// and to compile that is half of what a short command takes; so build.mjs leaves V8's code cache there too.
// V8 refuses the cache of another version of itself, and then compiles (docs/decisions/0009).
const bundle = join(__dirname, 'island.bundle');
const script = new Script(readFileSync(bundle, 'latin1'), { filename: bundle, ...cached() });
script.runInThisContext()(createRequire(bundle), { exports: {} });

function cached(): { readonly cachedData?: Buffer } {
  try {
    return { cachedData: readFileSync(join(__dirname, 'island.cache')) };
  } catch {
    return {};
  }
}
