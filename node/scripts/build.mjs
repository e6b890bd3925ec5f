// Compiles the package to dist/: CommonJS, with thin ES modules over it; and puts the native library in native/.
//
// --profile NAME: profile of cargo (default dev). --testing: with the operations that only tests use. --no-library: the
// library stays as it is. NACRE_BUILT names a folder in which the library is already, as after a build of the whole
// workspace.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    profile: { type: 'string', default: 'dev' },
    testing: { type: 'boolean', default: false },
    'no-library': { type: 'boolean', default: false },
  },
});
const root = fileURLToPath(new URL('..', import.meta.url));
const workspace = join(root, '..');
const require = createRequire(import.meta.url);
const run = (command, args, cwd = root) => execFileSync(command, args, { cwd, stdio: 'inherit' });

rmSync(join(root, 'dist'), { recursive: true, force: true });
run(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.json']);

for (const entry of ['index', ...['compat/index'].filter((name) => existsSync(join(root, `dist/${name}.js`)))]) {
  writeModule(entry);
}
if (!values['no-library']) buildLibrary();

function buildLibrary() {
  const target = process.env.CARGO_TARGET_DIR ?? join(workspace, 'target');
  let folder = process.env.NACRE_BUILT;
  if (!folder) {
    const args = ['build', '--locked', '--quiet', '-p', 'nacre-napi', '--profile', values.profile];
    if (values.testing) args.push('--features', 'testing');
    run('cargo', args, workspace);
    folder = join(target, values.profile === 'dev' ? 'debug' : values.profile);
  }
  const name = { win32: 'nacre_napi.dll', darwin: 'libnacre_napi.dylib' }[process.platform] ?? 'libnacre_napi.so';
  const { platform } = require(join(root, 'dist/native.js'));
  mkdirSync(join(root, 'native'), { recursive: true });
  const path = join(root, 'native', `nacre.${platform()}.node`);
  // Not over the file in place: a process that has it open would crash.
  copyFileSync(join(folder, name), `${path}.new`);
  if (values.profile === 'dev' && process.platform === 'linux') {
    // Four fifths of it are names and lines for a debugger; without them it is packed in no time.
    spawnSync('strip', ['--strip-debug', `${path}.new`]);
  }
  renameSync(`${path}.new`, path);
}

// An ES module with the names of a CommonJS one: there is one copy of the code, whoever loads it.
function writeModule(entry) {
  const names = Object.keys(require(join(root, `dist/${entry}.js`)));
  const file = entry.split('/').at(-1);
  writeFileSync(
    join(root, `dist/${entry}.mjs`),
    `import all from './${file}.js';\n\nexport const { ${names.join(', ')} } = all;\n`,
  );
  writeFileSync(join(root, `dist/${entry}.d.mts`), `export * from './${file}.js';\n`);
}
