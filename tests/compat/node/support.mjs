// What every test file needs: clients of the server that the runner started, waiting, and the control endpoint.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import nacos from 'nacos';

export const ADDRESS = process.env.NACRE_ADDR;
export const GROUP = 'DEFAULT_GROUP';
// A port that accepts connections, so that a health check of an instance on it passes.
export const LIVE_PORT = Number(ADDRESS.split(':').at(-1));
// The client polls for naming changes every 10 s and its pushes come over UDP, which the server leaves out.
export const DEADLINE_MS = 45_000;

const silent = { debug() {}, info() {}, warn() {}, error() {}, write() {} };

// A name that no other test uses.
export const unique = (prefix) => `${prefix}-${randomBytes(4).toString('hex')}`;

// What a consumer can see of the instances, in a stable order.
export function describeInstances(instances) {
  return instances
    .map(({ ip, port, clusterName, weight, metadata }) => {
      const fields = Object.entries(metadata).sort().map(([key, value]) => `${key}=${value}`);
      return `${ip}:${port} ${clusterName} ${weight} {${fields.join(', ')}}`;
    })
    .sort();
}

export async function naming(test, namespace = 'public') {
  const client = new nacos.NacosNamingClient({ logger: silent, serverList: ADDRESS, namespace });
  client.on('error', () => {});
  await client.ready();
  test.after(() => client.close());
  return client;
}

// All config clients share the connection and the namespace of the first one, through a port of the machine (the
// runner gives each suite its own), and whoever closes one closes all. So a test file uses one namespace, and its suite
// ends with `after(closeConfigClients)`.
const configClients = [];

export async function config(namespace = '') {
  const client = new nacos.NacosConfigClient({ serverAddr: ADDRESS, namespace, logger: silent });
  client.on('error', () => {});
  await client.ready();
  configClients.push(client);
  return client;
}

export function closeConfigClients() {
  configClients.forEach((client) => client.close());
}

// Subscribes until the end of the test. The client does not interrupt its long poll of 30 s, neither to add a key nor
// to close: so the last thing is a change, which answers the poll.
export function watch(test, client, dataId, group, listener) {
  client.subscribe({ dataId, group }, listener);
  test.after(async () => {
    client.unSubscribe({ dataId, group });
    await client.publishSingle(dataId, group, unique('end'));
  });
}

// What the server itself says, past every client: the content of a config, null if there is none.
export async function stored(dataId, group, tenant = '') {
  const query = new URLSearchParams({ dataId, group, tenant });
  const response = await fetch(`http://${ADDRESS}/nacos/v1/cs/configs?${query}`);
  return response.status === 404 ? null : response.text();
}

// The instances that the server itself lists. The client goes on showing its last list when the server's is empty.
export async function served(service, group = GROUP) {
  const query = new URLSearchParams({ serviceName: `${group}@@${service}` });
  const response = await fetch(`http://${ADDRESS}/nacos/v1/ns/instance/list?${query}`);
  return describeInstances((await response.json()).hosts);
}

// What a client lists now, asking the server.
export async function listed(client, service, group = GROUP, clusters = '') {
  return describeInstances(await client.getAllInstances(service, group, clusters, false));
}

// Waits until the call returns the expected value; an error counts as "not yet".
export async function until(expected, actual) {
  const end = Date.now() + DEADLINE_MS;
  let last;
  for (;;) {
    try {
      last = await actual();
    } catch (error) {
      last = error;
    }
    try {
      assert.deepEqual(last, expected);
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    await sleep(20);
  }
}

// Restarts or kills the server; returns when it is ready again.
export async function control(path) {
  const answer = await fetch(process.env.NACRE_CONTROL + path, { method: 'POST' });
  assert.equal(answer.status, 200, await answer.text());
}
