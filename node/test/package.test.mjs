// The package as users get it: packed, installed into an empty project, loaded both ways and type-checked.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('..', import.meta.url));
const run = async (command, args, cwd) => (await promisify(execFile)(command, args, { cwd })).stdout;

let project;

before(async () => {
  project = mkdtempSync(join(tmpdir(), 'nacre-package-'));
  const [{ filename }] = JSON.parse(await run('npm', ['pack', '--json', '--pack-destination', project], root));
  writeFileSync(join(project, 'package.json'), '{"name":"user","private":true}');
  const quiet = ['--offline', '--no-audit', '--no-fund', '--omit=optional'];
  await run('npm', ['install', ...quiet, join(project, filename)], project);
});

after(() => rmSync(project, { recursive: true, force: true }));

const USE = `
const client = new NacreClient({ servers: '127.0.0.1:1' });
client.close().then(() => console.log(typeof addressOf, client.closed, new Error() instanceof NacreError));
`;

describe('the packed package', () => {
  it('is required', async () => {
    writeFileSync(join(project, 'use.cjs'), `const { NacreClient, NacreError, addressOf } = require('nacre-client');${USE}`);
    assert.equal(await run(process.execPath, ['use.cjs'], project), 'function true false\n');
  });

  it('is imported', async () => {
    writeFileSync(join(project, 'use.mjs'), `import { NacreClient, NacreError, addressOf } from 'nacre-client';${USE}`);
    assert.equal(await run(process.execPath, ['use.mjs'], project), 'function true false\n');
  });

  it('is the same both ways, in all its entries', async () => {
    const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const entries = Object.keys(exports).filter((entry) => !entry.endsWith('.json'));
    const source = entries
      .map((entry) => `nacre-client${entry.slice(1)}`)
      .map((name) => `check(await import('${name}'), require('${name}'));`);
    writeFileSync(
      join(project, 'same.mjs'),
      `import { createRequire } from 'node:module';
      const require = createRequire(import.meta.url);
      let count = 0;
      function check(imported, required) {
        for (const [name, value] of Object.entries(required)) {
          if (imported[name] !== value) throw new Error(name);
          count++;
        }
      }
      ${source.join('\n')}
      console.log(count > 10);`,
    );
    assert.equal(await run(process.execPath, ['same.mjs'], project), 'true\n');
  });

  it('has types both ways', async () => {
    const use = `
      const client: NacreClient = await NacreClient.connect({ servers: ['a'], naming: { poll: true } });
      const found: Instance | undefined = await client.naming.selectOne('x', { balancer: 'roundRobin' });
      for await (const { value } of client.config.watch({ dataId: 'x', group: 'g' })) console.log(value?.content.length);
      client.naming.watch('x', ({ added }) => added.map(({ ip }) => ip)).on('close', () => undefined);
      // @ts-expect-error a misspelt option
      new NacreClient({ server: 'a' });
      // @ts-expect-error frozen
      found!.ip = 'b';
    `;
    writeFileSync(join(project, 'use.mts'), `import { type Instance, NacreClient } from 'nacre-client';${use}`);
    writeFileSync(
      join(project, 'use.cts'),
      `import nacre = require('nacre-client');
      import type { Instance } from 'nacre-client';
      const { NacreClient } = nacre;
      type NacreClient = nacre.NacreClient;
      export async function main() {${use}}`,
    );
    writeFileSync(
      join(project, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          target: 'ES2022',
          module: 'node16',
          strict: true,
          noEmit: true,
          types: ['node'],
          typeRoots: [join(root, 'node_modules/@types')],
        },
        files: ['use.mts', 'use.cts'],
      }),
    );
    await run(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', project], project).catch((error) => {
      assert.fail(error.stdout);
    });
  });
});

describe('the published packages', () => {
  it('are one for everybody and one per platform, which it finds', async () => {
    const { platform } = require('../dist/native.js');
    const libraries = mkdtempSync(join(project, 'libraries-'));
    mkdirSync(join(libraries, platform()));
    const library = readdirSync(join(root, 'native')).find((file) => file === `nacre.${platform()}.node`);
    const name = { darwin: 'libnacre_napi.dylib', win32: 'nacre_napi.dll' }[process.platform] ?? 'libnacre_napi.so';
    copyFileSync(join(root, 'native', library), join(libraries, platform(), name));
    const output = join(project, 'published');
    const packages = (await run(process.execPath, ['scripts/pack.mjs', libraries, output], root)).trim().split('\n');
    assert.equal(packages.length, 2);
    const user = join(project, 'user');
    mkdirSync(user);
    writeFileSync(join(user, 'package.json'), '{"name":"user","private":true}');
    await run('npm', ['install', '--offline', '--no-audit', '--no-fund', ...packages], user);
    assert.ok(!existsSync(join(user, 'node_modules/nacre-client/native')));
    writeFileSync(join(user, 'use.cjs'), `const { NacreClient, NacreError, addressOf } = require('nacre-client');${USE}`);
    assert.equal(await run(process.execPath, ['use.cjs'], user), 'function true false\n');
  });
});
