// The stand-in for the package `nacos` beside the original.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import * as ours from 'nacre-client/compat';

import { startHarness, stopHarness } from './support/harness.mjs';
import { eventually, unique, within } from './support/wait.mjs';

const require = createRequire(import.meta.url);
const theirs = require('nacos');
const root = fileURLToPath(new URL('..', import.meta.url));

let scope;
let servers;
let directory;

before(async () => {
  scope = (await startHarness()).scope();
  servers = await scope.server();
  directory = mkdtempSync(join(tmpdir(), 'nacre-compat-'));
});

after(async () => {
  rmSync(directory, { recursive: true, force: true });
  await scope.end();
  await stopHarness();
});

/** Public members of a class and of those above it, up to the emitter, with the number of parameters of methods. */
function members(Class) {
  const found = new Map();
  for (let type = Class.prototype; type !== EventEmitter.prototype; type = Object.getPrototypeOf(type)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(type))) {
      if (!found.has(name)) found.set(name, typeof value === 'function' ? value.length : 'property');
    }
  }
  return found;
}

describe('the classes', () => {
  /** Parts of the original's own machinery: raw HTTP clients, and a client that several processes share. */
  const LEFT_OUT = new Set(['DataClient', 'delegates', 'isClusterClientLeader']);
  /** The emitter has them. */
  const INHERITED = ['addListener', 'on', 'once', 'prependListener', 'prependOnceListener', 'removeListener'];

  for (const name of ['NacosNamingClient', 'NacosConfigClient']) {
    it(`have the members of the original: ${name}`, () => {
      const mine = members(ours[name]);
      const missing = [...members(theirs[name])]
        .filter(([member]) => !member.startsWith('_') && !LEFT_OUT.has(member) && !INHERITED.includes(member))
        .filter(([member, parameters]) => mine.get(member) !== parameters && member !== 'constructor')
        .map(([member, parameters]) => `${member}: ${parameters}, not ${mine.get(member)}`);
      // The original's `ready(callback)` counts a parameter and so does ours; `close` is a promise in both.
      assert.deepEqual(missing, []);
      assert.ok(ours[name].prototype instanceof EventEmitter);
    });
  }

  it('refuse what the original refuses', () => {
    for (const { NacosConfigClient, NacosNamingClient } of [theirs, ours]) {
      assert.throws(() => new NacosNamingClient({ serverList: 'a' }), { code: 'ERR_ASSERTION' });
      if (NacosConfigClient === ours.NacosConfigClient) {
        assert.throws(() => new NacosConfigClient({}), { code: 'ERR_ASSERTION' });
      }
    }
  });
});

describe('one program', () => {
  it('sees the same with both', async () => {
    const run = async (name) => {
      const args = ['test/children/both.cjs', name, servers, unique('run'), join(directory, unique('cache'))];
      const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, timeout: 60_000 });
      return JSON.parse(stdout.trim().split('\n').at(-1));
    };
    const [original, standIn] = await Promise.all([run('nacos'), run('nacre-client/compat')]);
    assert.deepEqual(standIn, original);
    assert.ok(original.length > 15);
  });
});

describe('beyond the original', () => {
  const quiet = { info() {}, warn() {}, error() {} };

  it('a list that has become empty is told', async () => {
    const client = new ours.NacosNamingClient({ logger: quiet, serverList: servers });
    const service = unique('empty');
    const lists = [];
    client.subscribe(service, (hosts) => lists.push(hosts.length));
    await client.registerInstance(service, { ip: '10.0.0.1', port: '80' });
    await eventually(() => lists.at(-1) === 1);
    await client.deregisterInstance(service, { ip: '10.0.0.1', port: 80 });
    await eventually(() => lists.at(-1) === 0);
    await client.close();
    await client.close();
  });

  it('failures of listeners are events', async () => {
    const client = new ours.NacosConfigClient({ serverAddr: servers, cacheDir: join(directory, unique('c')) });
    const failed = once(client, 'error');
    client.subscribe({ dataId: unique('fails'), group: 'G' }, () => {
      throw new Error('of the listener');
    });
    const [error] = await within(failed);
    assert.equal(error.message, 'of the listener');
    await client.close();
  });

  it('a group may be part of the name', async () => {
    const client = new ours.NacosNamingClient({ logger: quiet, serverList: [servers] });
    const service = unique('grouped');
    await client.registerInstance(`G@@${service}`, { ip: '10.0.0.1', port: 80 });
    const hosts = await eventually(async () => {
      const found = await client.getAllInstances(service, 'G', '', false);
      return found.length === 1 && found;
    });
    assert.equal(hosts[0].serviceName, `G@@${service}`);
    await client.close();
  });
});
