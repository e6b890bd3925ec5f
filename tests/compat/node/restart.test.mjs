// The server stops, or is killed, in the middle: its clients carry on by themselves and nothing is lost.

import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import {
  closeConfigClients,
  config,
  control,
  describeInstances,
  GROUP,
  listed,
  LIVE_PORT,
  naming,
  unique,
  until,
  watch,
} from './support.mjs';

async function survives(test, interruption) {
  const service = unique('restart');
  const dataId = unique('restart');
  const provider = await naming(test, 'restart');
  const consumer = await naming(test, 'restart');
  const writer = await config('restart');
  const reader = await config('restart');
  const lists = [];
  const contents = [];

  await provider.registerInstance(service, { ip: '10.2.0.1', port: 80, metadata: { zone: 'a' } });
  await provider.registerInstance(`${service}-kept`, { ip: '127.0.0.1', port: LIVE_PORT, ephemeral: false });
  const before = ['10.2.0.1:80 DEFAULT 1 {zone=a}'];
  consumer.subscribe({ serviceName: service }, (hosts) => lists.push(describeInstances(hosts)));
  await until(before, () => lists.at(-1));
  await writer.publishSingle(dataId, GROUP, 'before');
  watch(test, reader, dataId, GROUP, (content) => contents.push(content));
  await until('before', () => contents.at(-1));

  await control(interruption);

  await until(before, () => listed(consumer, service));
  await until([`127.0.0.1:${LIVE_PORT} DEFAULT 1 {}`], () => listed(consumer, `${service}-kept`));
  await until('before', () => reader.getConfig(dataId, GROUP));
  await until(true, () => writer.publishSingle(dataId, GROUP, 'after'));
  await until('after', () => contents.at(-1));
  assert.deepEqual(contents, ['before', 'after']);
  await provider.registerInstance(service, { ip: '10.2.0.2', port: 80 });
  await until([...before, '10.2.0.2:80 DEFAULT 1 {}'], () => lists.at(-1));
  for (const list of lists) {
    assert.ok(list.includes(before[0]), `the subscriber saw a list without the provider: ${list}`);
  }
}

// One after the other: each restarts the server that all share.
describe('restart', () => {
  after(closeConfigClients);

  it('loses nothing in an orderly restart', (test) => survives(test, '/restart'));
  it('loses nothing when the server is killed', (test) => survives(test, '/kill'));
});
