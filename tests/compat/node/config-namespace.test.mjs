// A namespace of its own, in a process of its own: config clients of one process share the first one's namespace.

import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeConfigClients, config, GROUP, stored, unique, until, watch } from './support.mjs';

describe('config in a namespace', () => {
  after(closeConfigClients);

  it('is kept apart from the default namespace', async (test) => {
    const dataId = unique('red');
    const red = await config('red');
    await red.publishSingle(dataId, GROUP, 'red');
    assert.equal(await red.getConfig(dataId, GROUP), 'red');
    assert.equal(await stored(dataId, GROUP, 'red'), 'red');
    assert.equal(await stored(dataId, GROUP), null);

    const seen = [];
    watch(test, red, dataId, GROUP, (content) => seen.push(content));
    await until('red', () => seen.at(-1));
    await red.publishSingle(dataId, GROUP, 'still red');
    await until('still red', () => seen.at(-1));
  });
});
