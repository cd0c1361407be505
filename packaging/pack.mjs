// Lays out the files of the Debian package and has dpkg-deb pack them. The same commit gives the same bytes: all times
// are that of the commit, or SOURCE_DATE_EPOCH, and what depends on the machine is made when it is installed.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, extname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';

const DEB = 'packaging/deb';
const DOC = 'usr/share/doc/island';

/** Where what lies in units/ belongs, by the end of its name. */
const UNIT_FOLDERS = {
  '.service': 'usr/lib/systemd/system',
  '.socket': 'usr/lib/systemd/system',
  '.target': 'usr/lib/systemd/system',
  '.link': 'usr/lib/systemd/network',
  '.network': 'usr/lib/systemd/network',
  '.conf': 'usr/lib/NetworkManager/conf.d',
};

/** Writes `<to>/island_<version>_all.deb` and returns its path. */
export function pack({ version, to, programs, man }) {
  const epoch = commitTime();
  const debian = version.replace('-', '~');
  const root = mkdtempSync(join(tmpdir(), 'island-package-'));
  try {
    const put = (path, content, mode = 0o644) => {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      writeFileSync(join(root, path), content);
      chmodSync(join(root, path), mode);
    };
    const link = (path, target) => {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      symlinkSync(relative(dirname(path), target), join(root, path));
    };
    for (const { name, text, mode } of programs) put(`usr/lib/island/${name}`, text, mode);
    putUnits(put, link);
    put('usr/share/bash-completion/completions/island', readFileSync('bash-completion/island'));
    put('usr/share/man/man8/island.8.gz', gzipped(man(dateOf(epoch))));
    put('etc/island/README', readFileSync(join(DEB, 'README')));
    putDocs(put, { version: debian, epoch });
    link('usr/bin/island', 'usr/lib/island/main.cjs');
    putControl(put, { root, version: debian });
    for (const path of pathsBelow(root)) if (lstatSync(path).isDirectory()) chmodSync(path, 0o755);
    chmodSync(root, 0o755);
    return build(root, { path: join(to, `island_${debian}_all.deb`), epoch });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function putUnits(put, link) {
  for (const name of readdirSync('units')) {
    const folder = UNIT_FOLDERS[extname(name)];
    if (folder === undefined) throw new Error(`units/${name}: where does this belong?`);
    put(join(folder, name), readFileSync(join('units', name)));
    // "island enable" looks for them beside the program, and finds that systemd has them already.
    link(join('usr/lib/island/units', name), join(folder, name));
  }
}

function putDocs(put, { version, epoch }) {
  for (const path of ['README.md', 'CHANGELOG.md', ...filesBelow('docs')]) {
    put(join(DOC, path), readFileSync(path));
  }
  const date = new Date(epoch * 1000).toUTCString().replace('GMT', '+0000');
  const maintainer = /^Maintainer: (.*)$/m.exec(readFileSync(join(DEB, 'control'), 'utf8'))?.[1];
  const entry = `island (${version}) stable; urgency=medium\n\n  * See CHANGELOG.md.\n\n -- ${maintainer}  ${date}\n`;
  put(join(DOC, 'changelog.gz'), gzipped(entry));
  const license = readFileSync('LICENSE', 'utf8').split('\n\n');
  const terms = license.slice(2).join('\n\n').trimEnd();
  const indented = terms.split('\n').map((line) => (line === '' ? ' .' : ` ${line}`));
  put(
    join(DOC, 'copyright'),
    [
      'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/',
      '',
      'Files: *',
      `Copyright: ${license[1].replace('Copyright (c) ', '')}`,
      'License: Expat',
      ...indented,
      '',
    ].join('\n'),
  );
}

function putControl(put, { root, version }) {
  const files = filesBelow(root).map((path) => relative(root, path));
  const sums = files.map((path) => `${md5Of(readFileSync(join(root, path)))}  ${path}\n`);
  const kilobytes = files.reduce((sum, path) => sum + Math.ceil(statSync(join(root, path)).size / 1024), 0);
  const fields = readFileSync(join(DEB, 'control'), 'utf8');
  const own = `Version: ${version}\nInstalled-Size: ${kilobytes}\n`;
  put('DEBIAN/control', fields.replace('\n', `\n${own}`));
  put('DEBIAN/md5sums', sums.join(''));
  put('DEBIAN/conffiles', '/etc/island/README\n');
  put('DEBIAN/triggers', readFileSync(join(DEB, 'triggers')));
  for (const script of ['preinst', 'postinst', 'prerm', 'postrm']) {
    put(`DEBIAN/${script}`, readFileSync(join(DEB, script)), 0o755);
  }
}

function build(root, { path, epoch }) {
  mkdirSync(dirname(path), { recursive: true });
  // What xz writes depends on the number of its threads.
  const variables = [`SOURCE_DATE_EPOCH=${epoch}`, 'DPKG_DEB_THREADS_MAX=1'];
  for (const each of [root, ...pathsBelow(root)]) lutimesSync(each, epoch, epoch);
  const command = ['dpkg-deb', '--root-owner-group', '-Zxz', '--build', root, path];
  execFileSync('env', [...variables, ...command], { stdio: ['ignore', 'ignore', 'inherit'] });
  return path;
}

/** When what is packed was written, as who rebuilds packages says it, or git; else when its package.json was. */
function commitTime() {
  const { SOURCE_DATE_EPOCH } = process.env;
  if (SOURCE_DATE_EPOCH !== undefined) return Number(SOURCE_DATE_EPOCH);
  try {
    const stdio = ['ignore', 'pipe', 'ignore'];
    return Number(execFileSync('git', ['log', '-1', '--format=%ct'], { encoding: 'utf8', stdio }));
  } catch {
    return Math.floor(statSync('package.json').mtimeMs / 1000);
  }
}

function dateOf(epoch) {
  return new Date(epoch * 1000).toISOString().slice(0, 10);
}

/** As `gzip -9n`. */
function gzipped(text) {
  return gzipSync(text, { level: 9 });
}

function md5Of(content) {
  return createHash('md5').update(content).digest('hex');
}

function filesBelow(folder) {
  return pathsBelow(folder).filter((path) => lstatSync(path).isFile());
}

function pathsBelow(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .toSorted();
}
