// Registration of servers, requests by name of service, settings that reload; and the example that has all of them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import {
  NacreClient,
  NotFoundError,
  ReloadingConfig,
  registerServer,
  serviceFetch,
  serviceInterceptor,
} from 'nacre-client';
import { Agent, fetch as undiciFetch } from 'undici';

import { startHarness, stopHarness } from './support/harness.mjs';
import { eventually, unique, within } from './support/wait.mjs';

let scope;
let servers;
let client;

before(async () => {
  scope = (await startHarness()).scope();
  servers = await scope.server();
  client = await NacreClient.connect({ servers });
});

after(async () => {
  await client.close();
  await scope.end();
  await stopHarness();
});

/** A server that answers with its name, what it was sent and its path. */
async function answering(name) {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ name, method: request.method, path: request.url, body }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

describe('a server', () => {
  it('is registered where it listens, until it is closed', async () => {
    const service = unique('server');
    const server = await answering('one');
    const registration = await registerServer(client, server, { service, weight: 2, metadata: { zone: 'a' } });
    const { port } = server.address();
    assert.deepEqual(registration.service, { group: 'DEFAULT_GROUP', name: service });
    const [found] = await eventually(async () => {
      const list = await client.naming.instances(service);
      return list.length === 1 && list;
    });
    assert.deepEqual([found.ip, found.port, found.weight, found.metadata.zone], ['127.0.0.1', port, 2, 'a']);
    server.close();
    server.closeAllConnections();
    await eventually(async () => (await client.naming.instances(service)).length === 0);
    await registration.deregister();
  });

  it('is waited for, and may be reached elsewhere', async () => {
    const service = unique('later');
    const server = createServer();
    const registering = registerServer(client, server, { service, ip: '10.0.0.9', port: 443 });
    server.listen(0);
    const { instance } = await within(registering);
    assert.deepEqual([instance.ip, instance.port], ['10.0.0.9', 443]);
    server.close();
  });
});

describe('requests by name', () => {
  const registered = async (names, service) => {
    const all = await Promise.all(names.map(answering));
    const instances = all.map((server) => ({ ip: '127.0.0.1', port: server.address().port }));
    await client.naming.registerBatch(service, instances);
    await eventually(async () => (await client.naming.select(service)).length === names.length);
    return all;
  };
  const close = (all) => all.forEach((server) => server.close() && server.closeAllConnections());

  it('reach each instance in turn by fetch', async () => {
    const service = unique('fetch');
    const all = await registered(['a', 'b'], service);
    const find = serviceFetch(client.naming, { balancer: 'roundRobin' });
    const names = new Set();
    for (let i = 0; i < 4; i++) names.add((await (await find(`http://${service}/x?y=1`)).json()).name);
    assert.deepEqual([...names].sort(), ['a', 'b']);
    const posted = await find(new Request(`http://${service}/p`, { method: 'POST', body: 'text', duplex: 'half' }));
    const { method, path, body } = await posted.json();
    assert.deepEqual([method, path, body], ['POST', '/p', 'text']);
    const { port } = all[0].address();
    assert.equal((await find(`http://127.0.0.1:${port}/`)).status, 200, 'an address is left as it is');
    await assert.rejects(find(`http://${unique('nobody')}/`), NotFoundError);
    close(all);
  });

  it('pass an interceptor of undici', async () => {
    const service = unique('agent');
    const all = await registered(['a'], service);
    const agent = new Agent();
    const dispatcher = agent.compose(
      serviceInterceptor(client.naming, { service: (host) => (host.endsWith('.svc') ? host.slice(0, -4) : undefined) }),
    );
    const answer = await undiciFetch(`http://${service}.svc/path`, { dispatcher });
    assert.equal((await answer.json()).path, '/path');
    await assert.rejects(undiciFetch(`http://${unique('nobody')}.svc/`, { dispatcher }), (error) => {
      assert.ok(error.cause instanceof NotFoundError);
      return true;
    });
    await agent.close();
    close(all);
  });
});

describe('settings', () => {
  it('reload, and survive what cannot be parsed', async () => {
    const dataId = unique('settings');
    await assert.rejects(ReloadingConfig.open(client.config, dataId), /does not exist/);
    const settings = await ReloadingConfig.open(client.config, dataId, { fallback: { limit: 1 } });
    assert.deepEqual(settings.current, { limit: 1 });
    const changes = [];
    const errors = [];
    settings.on('change', (now, before) => changes.push([before.limit, now.limit]));
    settings.on('error', (error) => errors.push(error));
    await client.config.publish(dataId, '{"limit": 2}');
    await eventually(() => settings.current.limit === 2);
    await client.config.publish(dataId, '{"limit": ');
    await eventually(() => errors.length === 1);
    assert.equal(settings.current.limit, 2);
    await client.config.publish(dataId, '{"limit": 3}');
    await eventually(() => settings.current.limit === 3);
    await client.config.remove(dataId);
    await eventually(() => settings.current.limit === 1);
    assert.deepEqual(changes, [
      [1, 2],
      [2, 3],
      [3, 1],
    ]);
    settings.close();
  });
});

describe('the example with Express', () => {
  it('finds its peers, reloads a setting and outlives a restart of the server', async () => {
    const root = fileURLToPath(new URL('..', import.meta.url));
    const project = mkdtempSync(join(tmpdir(), 'nacre-express-'));
    mkdirSync(join(project, 'node_modules'));
    symlinkSync(root, join(project, 'node_modules/nacre-client'));
    symlinkSync(join(root, 'node_modules/express'), join(project, 'node_modules/express'));
    copyFileSync(join(root, '../examples/node-express/service.mjs'), join(project, 'service.mjs'));
    const name = unique('registry');
    const registry = await scope.server({}, name);
    const start = async (NAME, OTHER) => {
      const child = spawn(process.execPath, ['service.mjs'], {
        cwd: project,
        env: { ...process.env, NAME, OTHER, SERVERS: registry },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [line] = await within(once(child.stdout.setEncoding('utf8'), 'data'));
      return { child, address: line.trim() };
    };
    const services = [];
    try {
      services.push(await start('orders', 'stock'), await start('stock', 'orders'));
      const ask = async ({ address }, path) => (await fetch(address + path)).json();
      const asked = (service, from, text) =>
        eventually(async () => {
          const answer = await ask(service, '/other');
          return answer.from === from && answer.text === text;
        });
      await asked(services[0], 'stock', 'Hello, orders');
      await asked(services[1], 'orders', 'Hello, stock');
      const publisher = await NacreClient.connect({ servers: registry });
      await publisher.config.publish('greetings.json', '{"greeting": "Good evening"}');
      await asked(services[0], 'stock', 'Good evening, orders');
      await scope.ask('server.restart', { name, how: 'kill' }, 60_000);
      await asked(services[1], 'orders', 'Good evening, stock');
      await publisher.ready({ timeout: 20_000 });
      await eventually(async () => (await publisher.naming.instances('orders', { subscribe: false })).length === 1);
      await publisher.config.publish('greetings.json', '{"greeting": "Good night"}');
      await asked(services[0], 'stock', 'Good night, orders');
      const [{ child }] = services;
      child.kill('SIGTERM');
      const [code] = await within(once(child, 'exit'));
      assert.equal(code, 0);
      await eventually(async () => (await publisher.naming.instances('orders', { subscribe: false })).length === 0);
      await publisher.close();
    } finally {
      for (const { child } of services) child.kill('SIGKILL');
      rmSync(project, { recursive: true, force: true });
    }
  });
});
