// One measurement, in a process of its own: what, with which client.
import { createRequire } from 'node:module';

const begun = performance.now();
const require = createRequire(import.meta.url);
const [, , what, which, servers, directory] = process.argv;
const quiet = { info() {}, warn() {}, error() {}, debug() {}, log() {} };
const run = `${process.pid}`;

async function until(look, limit = 30_000) {
  const deadline = Date.now() + limit;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`never: ${look}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Config as both have it. */
async function configOf() {
  if (which === 'nacos') {
    const { NacosConfigClient } = require('nacos');
    const client = new NacosConfigClient({ serverAddr: servers, cacheDir: directory });
    await client.ready();
    return {
      get: (dataId) => client.getConfig(dataId, 'G'),
      publish: (dataId, content) => client.publishSingle(dataId, 'G', content),
    };
  }
  const { NacreClient } = require('nacre-client');
  // With local snapshots, as the other.
  const client = await NacreClient.connect({ servers, directory });
  return {
    get: async (dataId) => (await client.config.get({ dataId, group: 'G' }))?.content,
    publish: (dataId, content) => client.config.publish({ dataId, group: 'G' }, content),
  };
}

async function calls() {
  const config = await configOf();
  const dataId = `calls-${run}`;
  const content = 'x'.repeat(1000);
  await config.publish(dataId, content);
  await until(async () => (await config.get(dataId)) === content);
  const read = async (millis) => {
    const end = performance.now() + millis;
    let done = 0;
    const worker = async () => {
      while (performance.now() < end) {
        if ((await config.get(dataId)) !== content) throw new Error('another content');
        done++;
      }
    };
    const begin = performance.now();
    await Promise.all(Array.from({ length: 256 }, worker));
    return (done * 1000) / (performance.now() - begin);
  };
  await read(1000);
  return { perSecond: await read(4000) };
}

async function memory() {
  const empty = process.memoryUsage.rss();
  // Each service has an instance: what the original does not keep an empty list of.
  let known = 0;
  if (which === 'nacos') {
    const { NacosNamingClient } = require('nacos');
    const client = new NacosNamingClient({ logger: quiet, serverList: servers });
    await client.ready();
    for (let i = 0; i < 100; i++) {
      let first = true;
      client.subscribe(`memory-${i}`, () => {
        if (first) known++;
        first = false;
      });
    }
  } else {
    const { NacreClient } = require('nacre-client');
    const client = await NacreClient.connect({ servers });
    for (let i = 0; i < 100; i++) {
      let first = true;
      client.naming.watch(`memory-${i}`, ({ instances }) => {
        if (first && instances.length > 0) known++;
        if (instances.length > 0) first = false;
      }).ref();
    }
  }
  const { spawnSync } = require('node:child_process');
  const registering = `
    const { NacreClient } = require('nacre-client');
    (async () => {
      const client = await NacreClient.connect({ servers: '${servers}' });
      for (let i = 0; i < 100; i++) {
        await client.naming.register('memory-' + i, { ip: '10.0.0.1', port: 80, ephemeral: false });
      }
      await client.close();
    })();`;
  spawnSync(process.execPath, ['-e', registering], { stdio: 'inherit' });
  await until(() => known === 100);
  globalThis.gc();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  globalThis.gc();
  const rss = process.memoryUsage.rss();
  return { mebibytes: rss / 1024 / 1024, above: (rss - empty) / 1024 / 1024 };
}

async function events() {
  const { NacreClient } = require('nacre-client');
  const [watching, changing] = [await NacreClient.connect({ servers }), await NacreClient.connect({ servers })];
  const service = `events-${run}`;
  let heard;
  const watch = watching.naming.watch(service, ({ instances }) => heard?.(instances[0]?.metadata.n));
  watch.ref();
  await watch.established();
  const times = [];
  for (let n = 0; n < 200; n++) {
    // Changes in a row are told together by the server; here each one counts.
    await new Promise((resolve) => setTimeout(resolve, 50));
    let begin;
    const told = new Promise((resolve) => {
      heard = (seen) => seen === `${n}` && resolve(performance.now() - begin);
    });
    begin = performance.now();
    await changing.naming.register(service, { ip: '10.0.0.1', port: 80, metadata: { n: `${n}` } });
    times.push(await told);
  }
  times.splice(0, 20);
  times.sort((one, other) => one - other);
  return { p50: times[times.length >> 1], p99: times[Math.floor(times.length * 0.99)] };
}

async function start() {
  const config = await configOf();
  await config.get(`none-${run}`);
  return { millis: performance.now() - begun };
}

async function large() {
  const { NacreClient } = require('nacre-client');
  const { join, dirname } = require('node:path');
  const { sharedEngine } = require(join(dirname(require.resolve('nacre-client/package.json')), 'dist/engine.js'));
  const [watching, changing] = [await NacreClient.connect({ servers }), await NacreClient.connect({ servers })];
  const instances = Array.from({ length: 2000 }, (_, n) => ({
    ip: `10.1.${n >> 8}.${n & 255}`,
    port: 80,
    metadata: { zone: 'a', version: '1.2.3' },
  }));
  const service = `large-${run}`;
  const watch = watching.naming.watch(service, () => undefined);
  const engine = sharedEngine();
  const drain = engine.drain.bind(engine);
  const times = [];
  engine.drain = () => {
    const begin = performance.now();
    drain();
    times.push(performance.now() - begin);
  };
  for (let round = 0; round < 20; round++) {
    if (round === 5) times.length = 0; // warm
    await changing.naming.registerBatch(service, instances.slice(round));
    await until(() => watch.current?.instances.length === instances.length - round);
  }
  return { longest: Math.max(...times) };
}

const measured = await { calls, memory, events, start, large }[what]();
process.stdout.write(JSON.stringify(measured), () => process.exit(0));
