// Configuration with the official Node client. It speaks HTTP v1 with long polling and has no compare-and-set.

import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeConfigClients, config, GROUP, unique, until, watch } from './support.mjs';

describe('config', { concurrency: true }, () => {
  after(closeConfigClients);

  it('reads back what was published, until it is removed', async () => {
    const client = await config();
    const dataId = unique('read-back');
    const content = '# größe 中 \u{1F600}\nname: nacre\r\nspaces:   kept \n\ttab=%20&+\n';
    assert.equal(await client.getConfig(dataId, GROUP), null);
    await client.publishSingle(dataId, GROUP, content);
    assert.equal(await client.getConfig(dataId, GROUP), content);
    await client.publishSingle(dataId, GROUP, '{"second":2}', { type: 'json' });
    assert.equal(await client.getConfig(dataId, GROUP), '{"second":2}');
    await client.remove(dataId, GROUP);
    assert.equal(await client.getConfig(dataId, GROUP), null);
  });

  it('keeps groups apart', async () => {
    const dataId = unique('separate');
    const client = await config();
    await client.publishSingle(dataId, 'one', 'group one');
    await client.publishSingle(dataId, 'two', 'group two');
    assert.equal(await client.getConfig(dataId, 'one'), 'group one');
    assert.equal(await client.getConfig(dataId, 'two'), 'group two');
    assert.equal(await client.getConfig(dataId, 'three'), null);
  });

  it('calls a listener on a change and not after it was removed', async (test) => {
    const writer = await config();
    const reader = await config();
    const dataId = unique('listen');
    await writer.publishSingle(dataId, GROUP, 'one');
    const seen = [];
    const record = (content) => seen.push(content);
    watch(test, reader, dataId, GROUP, record);
    await until('one', () => seen.at(-1));
    await writer.publishSingle(dataId, GROUP, 'two');
    await until('two', () => seen.at(-1));
    await writer.publishSingle(dataId, GROUP, 'größe 中');
    await until('größe 中', () => seen.at(-1));
    assert.deepEqual(seen, ['one', 'two', 'größe 中']);

    reader.unSubscribe({ dataId, group: GROUP }, record);
    await writer.publishSingle(dataId, GROUP, 'three');
    assert.equal(await reader.getConfig(dataId, GROUP), 'three');
    assert.equal(seen.length, 3, 'called after unSubscribe');
  });

  it('calls a listener on a key that is created later', async (test) => {
    const writer = await config();
    const reader = await config();
    const dataId = unique('created-later');
    const seen = [];
    watch(test, reader, dataId, 'fresh', (content) => seen.push(content));
    await writer.publishSingle(dataId, 'fresh', 'born');
    await until('born', () => seen.at(-1));
    await writer.publishSingle(dataId, 'fresh', 'grown');
    await until('grown', () => seen.at(-1));
    await writer.remove(dataId, 'fresh');
    await until(null, () => seen.at(-1));
    assert.deepEqual(seen.slice(-3), ['born', 'grown', null]);
  });
});
