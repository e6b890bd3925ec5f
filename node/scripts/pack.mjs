// Packs what is published: the package without a library, and a package with the library of each platform.
//
//   node scripts/pack.mjs LIBRARIES OUTPUT
//
// LIBRARIES/<platform>/ holds the library of a platform under the name that cargo gives it; the platforms are those
// below. Needs what `npm run build -- --no-library` makes. Prints the paths of the packages.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const PLATFORMS = {
  'linux-x64-gnu': { os: 'linux', cpu: 'x64', libc: 'glibc', library: 'libnacre_napi.so' },
  'linux-x64-musl': { os: 'linux', cpu: 'x64', libc: 'musl', library: 'libnacre_napi.so' },
  'linux-arm64-gnu': { os: 'linux', cpu: 'arm64', libc: 'glibc', library: 'libnacre_napi.so' },
  'linux-arm64-musl': { os: 'linux', cpu: 'arm64', libc: 'musl', library: 'libnacre_napi.so' },
  'darwin-x64': { os: 'darwin', cpu: 'x64', library: 'libnacre_napi.dylib' },
  'darwin-arm64': { os: 'darwin', cpu: 'arm64', library: 'libnacre_napi.dylib' },
  'win32-x64-msvc': { os: 'win32', cpu: 'x64', library: 'nacre_napi.dll' },
};

const [libraries, output] = process.argv.slice(2).map((path) => resolve(path));
if (output === undefined) throw new Error('usage: node scripts/pack.mjs LIBRARIES OUTPUT');

const root = fileURLToPath(new URL('..', import.meta.url));
const stage = mkdtempSync(join(tmpdir(), 'nacre-pack-'));
const { name, version, description, keywords, license, engines, type, main, types, exports, files } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
);
const found = Object.entries(PLATFORMS).filter(([platform, { library }]) =>
  existsSync(join(libraries, platform, library)),
);
if (found.length === 0) throw new Error(`${libraries} has no library of ${Object.keys(PLATFORMS).join(', ')}`);

if (!existsSync(join(root, 'dist'))) throw new Error('there is no dist: run "npm run build -- --no-library"');

mkdirSync(output, { recursive: true });
try {
  const optional = found.map(([platform]) => [`${name}-${platform}`, version]);
  pack(name, {
    ...{ name, version, description, keywords, license, engines, type, main, types, exports },
    files: files.filter((file) => file !== 'native'),
    optionalDependencies: Object.fromEntries(optional),
  }, (folder) => {
    cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
    cpSync(join(root, 'README.md'), join(folder, 'README.md'));
  });
  for (const [platform, { os, cpu, libc, library }] of found) {
    pack(`${name}-${platform}`, {
      name: `${name}-${platform}`,
      version,
      description: `The native library of ${name} for ${platform}`,
      license,
      engines,
      os: [os],
      cpu: [cpu],
      ...(libc && { libc: [libc] }),
      main: 'nacre.node',
      files: ['nacre.node'],
    }, (folder) => {
      cpSync(join(libraries, platform, library), join(folder, 'nacre.node'));
      writeFileSync(join(folder, 'README.md'), `The native library of \`${name}\` for ${platform}.\n`);
    });
  }
} finally {
  rmSync(stage, { recursive: true, force: true });
}

function pack(folderName, manifest, fill) {
  const folder = join(stage, folderName);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  const licence = join(root, '../LICENSE');
  if (existsSync(licence)) cpSync(licence, join(folder, 'LICENSE'));
  fill(folder);
  const told = execFileSync('npm', ['pack', '--json', '--pack-destination', output], { cwd: folder, encoding: 'utf8' });
  console.log(join(output, JSON.parse(told)[0].filename));
}
