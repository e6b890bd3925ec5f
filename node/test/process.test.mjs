// Processes and threads: how they end, and what they say when the library is not there.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

import { NacreClient, setLogger } from 'nacre-client';

import { startHarness, stopHarness } from './support/harness.mjs';
import { eventually, unique, within } from './support/wait.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const LIMIT = 60_000;

let scope;
let servers;
let client;
let directory;

before(async () => {
  scope = (await startHarness()).scope();
  servers = await scope.server();
  client = await NacreClient.connect({ servers });
  directory = mkdtempSync(join(tmpdir(), 'nacre-node-'));
});

after(async () => {
  rmSync(directory, { recursive: true, force: true });
  await client.close();
  await scope.end();
  await stopHarness();
});

/** Runs a program of Node and gives its exit code and what it wrote. */
async function run(args, options = {}) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let written = '';
  child.stdout.on('data', (data) => (written += data));
  child.stderr.on('data', (data) => (written += data));
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT);
  const [code, signal] = await once(child, 'close');
  clearTimeout(timer);
  return { code, signal, written };
}

describe('a process', () => {
  it('ends by itself with everything open, twenty times', async () => {
    const service = unique('exit');
    for (let round = 0; round < 5; round++) {
      const ended = await Promise.all(
        Array.from({ length: 4 }, () => run(['test/children/exit.mjs', servers, service])),
      );
      for (const { code, signal, written } of ended) assert.deepEqual([code, signal, written], [0, null, 'ready\n']);
    }
    // It said good-bye: nobody waits for a lost connection to be noticed.
    await eventually(async () => (await client.naming.instances(service)).length === 0);
  });

  it('ends from within a listener, and while calls are under way', async () => {
    const service = unique('exit');
    assert.equal((await run(['test/children/exit.mjs', servers, service, 'listener'])).code, 7);
    assert.equal((await run(['test/children/exit.mjs', servers, service, 'busy'])).code, 0);
  });

  it('ends when the server is away', async () => {
    const away = await scope.ask('server.start', { name: unique('away'), start: false });
    const source = `
      const { NacreClient } = require('nacre-client');
      const client = new NacreClient({ servers: '${away.address}' });
      client.naming.watch('x', () => undefined);
      client.config.watch('x', () => undefined);
    `;
    const { code, written } = await run(['-e', source]);
    assert.deepEqual([code, written], [0, '']);
  });

  for (const how of ['loop', 'ref']) {
    it(`is kept alive by a watch where it is wanted: ${how}`, async () => {
      const dataId = unique('keeps');
      const ended = run(['test/children/keeps.mjs', servers, dataId, how]);
      let over = false;
      void ended.then(() => (over = true));
      await client.config.publish(dataId, 'end');
      const { code, written } = await ended;
      assert.deepEqual([code, written], [0, 'heard\n']);
      assert.ok(over);
    });
  }

  it('serves what it has seen before when the server is away at start', async () => {
    const name = unique('before');
    const server = await scope.server({}, name);
    const options = { servers: server, directory: join(directory, name) };
    const first = await NacreClient.connect(options);
    await first.config.publish('kept', 'from before');
    await eventually(() => first.config.get('kept'));
    await first.close();
    await scope.ask('server.stop', { name }, 60_000);
    const second = new NacreClient({ ...options, requestTimeout: 500 });
    const value = await within(second.config.get('kept'), 30_000);
    assert.deepEqual([value?.content, value?.source], ['from before', 'snapshot']);
    await second.close();
  });
});

describe('workers', () => {
  it('have clients of their own, and end in every way', async () => {
    const dataId = unique('worker');
    await client.config.publish(dataId, 'x');
    await eventually(() => client.config.get(dataId));
    const one = async (how) => {
      const worker = new Worker(new URL('children/worker.mjs', import.meta.url), {
        workerData: { servers, dataId, how },
      });
      const exit = once(worker, 'exit');
      const failure = once(worker, 'error').then(([error]) => Promise.reject(error));
      failure.catch(() => undefined);
      const [message] = await within(Promise.race([once(worker, 'message'), failure]), LIMIT);
      assert.equal(message, 'used');
      if (how === 'busy') await worker.terminate();
      const [code] = await within(exit, LIMIT);
      if (how !== 'busy') assert.equal(code, 0);
    };
    for (let round = 0; round < 3; round++) await Promise.all(['close', 'end', 'busy', 'end'].map(one));
    assert.equal((await client.config.get(dataId)).content, 'x', 'the clients of this thread go on');
  });
});

describe('the log', () => {
  it('stays with the thread that asked for it', async () => {
    const lines = [];
    setLogger(({ target, message }) => lines.push(`${target} ${message}`), 'debug');
    try {
      const dataId = unique('log');
      await client.config.publish(dataId, 'x');
      await eventually(() => client.config.get(dataId));
      const worker = new Worker(new URL('children/worker.mjs', import.meta.url), {
        workerData: { servers, dataId, how: 'close' },
      });
      await within(once(worker, 'exit'), LIMIT);
      lines.length = 0;
      const other = await NacreClient.connect({ servers });
      await eventually(() => lines.some((line) => line.startsWith('nacre_client')));
      await other.close();
    } finally {
      setLogger(undefined);
    }
  });
});

describe('the library', () => {
  const load = (env, cwd = root) =>
    run(['-e', "new (require(process.cwd() + '/dist/index.js').NacreClient)()"], {
      cwd,
      env: { ...process.env, ...env },
    });

  function copy(name, change) {
    const folder = join(directory, name);
    cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
    mkdirSync(join(folder, 'native'));
    copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
    change(folder);
    return folder;
  }

  it('that is missing is an error that says where it was looked for and what to do', async () => {
    const { code, written } = await load({}, copy('missing', () => undefined));
    assert.equal(code, 1);
    assert.match(written, /LibraryError: no native library of nacre-client .* for \w+-\w+/);
    assert.match(written, /native\/nacre\.[\w-]+\.node: there is no such file/);
    assert.match(written, /npm install nacre-client-/);
  });

  it('of another version is refused', async () => {
    const folder = copy('older', (target) => {
      for (const file of readdirSync(join(root, 'native'))) {
        copyFileSync(join(root, 'native', file), join(target, 'native', file));
      }
      const other = { name: 'nacre-client', version: '9.9.9' };
      writeFileSync(join(target, 'package.json'), JSON.stringify(other));
    });
    const { code, written } = await load({}, folder);
    assert.equal(code, 1);
    assert.match(written, /LibraryError: .* is version \S+, nacre-client needs 9\.9\.9\/1/);
  });

  it('can be named, and what is named must be one', async () => {
    const path = join(directory, 'none.node');
    const missing = await load({ NACRE_NATIVE_LIBRARY: path });
    assert.match(missing.written, /none\.node: there is no such file/);
    assert.match(missing.written, /NACRE_NATIVE_LIBRARY/);
    writeFileSync(path, 'not a library');
    const broken = await load({ NACRE_NATIVE_LIBRARY: path });
    assert.equal(broken.code, 1);
    assert.match(broken.written, /LibraryError/);
  });
});
