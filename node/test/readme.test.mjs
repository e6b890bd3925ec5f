// The programs of the README run, in order, against a server.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { startHarness, stopHarness } from './support/harness.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(`${root}README.md`, 'utf8');
const programs = [...readme.matchAll(/### (\w+)[^#]*?```js\n(.*?)```|## (Usage)\n\n```js\n(.*?)```/gs)].map(
  ([, title, program, usage, first]) => ({ title: title ?? usage, program: program ?? first }),
);

/** What they print. */
const PRINTED = {
  Usage: '1 instance, one is 10.0.0.1:8080\nlimit: 10\n',
  Changes: /now 1\n(.*\n)*limit: 10\n|limit: 10\n(.*\n)*/,
  Errors: /^true (true|timeout) true\n$/,
  Logging: '',
  With: 'you are at /list\n10\n',
  In: '',
};

let scope;
let servers;

before(async () => {
  scope = (await startHarness()).scope();
  servers = await scope.server();
});

after(async () => {
  await scope.end();
  await stopHarness();
});

it('has programs', () => assert.deepEqual(programs.map(({ title }) => title), Object.keys(PRINTED)));

for (const { title, program } of programs) {
  it(title, async () => {
    const source = program.replaceAll('127.0.0.1:8848', servers);
    const type = /^import /m.test(source) ? 'module' : 'commonjs';
    const { stdout } = await promisify(execFile)(process.execPath, [`--input-type=${type}`, '-e', source], { cwd: root });
    if (typeof PRINTED[title] === 'string') assert.equal(stdout, PRINTED[title]);
    else assert.match(stdout, PRINTED[title]);
  });
}
