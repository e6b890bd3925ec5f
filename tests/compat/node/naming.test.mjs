// Service discovery with the official Node client. It speaks HTTP v1 with beats, so it has no batch registration,
// and it sees changes when it polls.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeInstances, GROUP, listed, LIVE_PORT, naming, served, unique, until } from './support.mjs';

describe('naming', { concurrency: true }, () => {
  it('discovers a registered instance with all its fields', async (test) => {
    const client = await naming(test);
    const service = unique('fields');
    const instance = {
      ip: '10.1.0.1',
      port: 8080,
      weight: 2.5,
      clusterName: 'blue',
      metadata: { zone: 'a', label: 'größe 中' },
    };
    await client.registerInstance(service, instance, 'orders');
    assert.deepEqual(await listed(client, service, 'orders'), ['10.1.0.1:8080 blue 2.5 {label=größe 中, zone=a}']);
    const [found] = await client.getAllInstances(service, 'orders', 'blue', false);
    assert.deepEqual([found.healthy, found.enabled, found.ephemeral], [true, true, true]);
    assert.deepEqual(await listed(client, service), [], 'another group');
    await client.deregisterInstance(service, instance, 'orders');
    assert.deepEqual(await served(service, 'orders'), []);
  });

  it('shows a subscriber what is added, changed and removed', async (test) => {
    const provider = await naming(test);
    const second = await naming(test);
    const consumer = await naming(test);
    const service = unique('subscribe');
    const seen = [];
    const record = (hosts) => seen.push(describeInstances(hosts));
    const latest = () => seen.at(-1);

    const instance = { ip: '10.1.1.1', port: 80, metadata: { version: '1' } };
    await provider.registerInstance(service, instance);
    consumer.subscribe({ serviceName: service }, record);
    await until(['10.1.1.1:80 DEFAULT 1 {version=1}'], latest);

    await provider.registerInstance(service, { ...instance, weight: 7, metadata: { version: '2' } });
    await until(['10.1.1.1:80 DEFAULT 7 {version=2}'], latest);
    await second.registerInstance(service, { ip: '10.1.1.2', port: 80 });
    await until(['10.1.1.1:80 DEFAULT 7 {version=2}', '10.1.1.2:80 DEFAULT 1 {}'], latest);
    await provider.deregisterInstance(service, instance);
    await until(['10.1.1.2:80 DEFAULT 1 {}'], latest);

    consumer.unSubscribe({ serviceName: service }, record);
    const before = seen.length;
    await provider.registerInstance(service, instance);
    await until(2, async () => (await listed(consumer, service)).length);
    assert.equal(seen.length, before, 'called after unSubscribe');
  });

  it('keeps a persistent instance when its client leaves', async (test) => {
    const provider = await naming(test);
    const consumer = await naming(test);
    const service = unique('persistent');
    const instance = { ip: '127.0.0.1', port: LIVE_PORT, ephemeral: false, metadata: { kept: 'yes' } };
    await provider.registerInstance(service, instance);
    await provider.close();
    assert.deepEqual(await listed(consumer, service), [`127.0.0.1:${LIVE_PORT} DEFAULT 1 {kept=yes}`]);
    const [found] = await consumer.getAllInstances(service, GROUP, '', false);
    assert.equal(found.ephemeral, false);
    await consumer.deregisterInstance(service, instance);
    assert.deepEqual(await served(service), []);
  });

  it('keeps namespaces apart', async (test) => {
    const service = unique('namespaces');
    const red = await naming(test, 'red');
    const green = await naming(test, 'green');
    const none = await naming(test);
    await red.registerInstance(service, { ip: '10.1.3.1', port: 80 });
    await green.registerInstance(service, { ip: '10.1.3.2', port: 80 });
    assert.deepEqual(await listed(red, service), ['10.1.3.1:80 DEFAULT 1 {}']);
    assert.deepEqual(await listed(green, service), ['10.1.3.2:80 DEFAULT 1 {}']);
    assert.deepEqual(await listed(none, service), []);
  });

  it('does not select disabled instances', async (test) => {
    const client = await naming(test);
    const service = unique('select');
    // A weight of 0 never reaches the server: this client turns it into 1.
    await client.registerInstance(service, { ip: '10.1.4.1', port: 80, clusterName: 'blue' });
    await client.registerInstance(service, { ip: '10.1.4.2', port: 80, enabled: false });
    const selected = await client.selectInstances(service, GROUP, '', true, false);
    assert.deepEqual(describeInstances(selected), ['10.1.4.1:80 blue 1 {}']);
    assert.deepEqual(await listed(client, service, GROUP, 'blue'), ['10.1.4.1:80 blue 1 {}']);
  });

  it('keeps an instance alive by its beats', async (test) => {
    const client = await naming(test);
    const service = unique('beats');
    // The client's first beat comes 10 s after its start, the next ones every 5 s.
    const metadata = { 'preserved.heart.beat.timeout': '12000', 'preserved.ip.delete.timeout': '14000' };
    await client.registerInstance(service, { ip: '10.1.5.1', port: 80, metadata });
    const end = Date.now() + 22_000;
    while (Date.now() < end) {
      const [found] = await client.getAllInstances(service, GROUP, '', false);
      assert.equal(found?.ip, '10.1.5.1', 'removed although it beats');
      assert.equal(found.healthy, true, 'unhealthy although it beats');
      await sleep(200);
    }
  });

  it('reports the server as up', async (test) => {
    const client = await naming(test);
    await until('UP', () => client.getServerStatus());
  });
});
