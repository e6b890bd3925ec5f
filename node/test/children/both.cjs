// One program for the package `nacos` and for the stand-in: prints what it has seen.
const [, , name, servers, run] = process.argv;
const { NacosConfigClient, NacosNamingClient } = require(name);

const quiet = { info() {}, warn() {}, error() {}, debug() {}, log() {} };
const seen = [];

async function until(look) {
  for (let round = 0; round < 600; round++) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`never: ${look}`);
}

const shown = ({ instanceId, ip, port, weight, healthy, enabled, ephemeral, clusterName, metadata }) => ({
  instanceId: typeof instanceId,
  ip,
  port,
  weight,
  healthy,
  enabled,
  ephemeral,
  clusterName,
  metadata: JSON.parse(JSON.stringify(metadata)),
});

async function naming() {
  const service = `both-${run}`;
  const client = new NacosNamingClient({ logger: quiet, serverList: servers, namespace: 'public' });
  await client.ready();
  seen.push(['ready', client.isReady, await client.getServerStatus()]);
  let hosts;
  const listener = (list) => (hosts = list);
  client.subscribe({ serviceName: service }, listener);
  const one = { ip: '10.9.0.1', port: 8080, metadata: { v: '1' } };
  const returned = await client.registerInstance(service, one);
  seen.push(['register', returned]);
  await until(() => hosts?.length === 1);
  seen.push(['subscribed', hosts.map(shown)]);
  await client.registerInstance(service, { ip: '10.9.0.2', port: 8081, weight: 2, clusterName: 'b', ephemeral: true });
  const all = await until(async () => {
    const list = await client.getAllInstances(service, 'DEFAULT_GROUP', '', false);
    return list.length >= 1 && list;
  });
  // Servers differ in one of them.
  seen.push(['fields', Object.keys(all[0]).sort().filter((field) => field !== 'instanceIdGenerator')]);
  seen.push(['of another group', await client.getAllInstances(service, 'OTHER', '', false)]);
  const selected = await client.selectInstances(service, 'DEFAULT_GROUP', '', true, false);
  seen.push(['select', selected.every(({ healthy, enabled }) => healthy && enabled)]);
  client.unSubscribe({ serviceName: service }, listener);
  seen.push(['deregister', await client.deregisterInstance(service, { ip: '10.9.0.2', port: 8081, clusterName: 'b' })]);
  await client.deregisterInstance(service, one);
  await client.close();
}

async function config() {
  const client = new NacosConfigClient({ serverAddr: servers, namespace: '', cacheDir: process.argv[5] });
  await client.ready();
  const [dataId, group] = [`both-${run}`, 'G'];
  seen.push(['absent', await client.getConfig(dataId, group)]);
  seen.push(['publish', await client.publishSingle(dataId, group, 'one', { type: 'text' })]);
  seen.push(['get', await until(() => client.getConfig(dataId, group))]);
  const contents = [];
  const listener = (content) => contents.push(content);
  seen.push(['chained', client.subscribe({ dataId, group }, listener) === client]);
  await until(() => contents.at(-1) === 'one');
  await client.publishSingle(dataId, group, 'two');
  await until(() => contents.at(-1) === 'two');
  seen.push(['told', contents]);
  const late = [];
  client.subscribe({ dataId, group }, (content) => late.push(content));
  await until(() => late.length > 0);
  seen.push(['told late', late]);
  client.unSubscribe({ dataId, group });
  seen.push(['remove', await client.remove(dataId, group)]);
  seen.push(['removed', (await until(async () => (await client.getConfig(dataId, group)) === null)) && null]);
  seen.push(['units', await client.getAllUnits(), await client.getCurrentUnit(), await client.getConfigs()]);
  const refusals = [
    () => client.getConfig('a b', group),
    () => client.getConfig(dataId, undefined),
    () => client.publishSingle('', group, 'x'),
  ];
  for (const refused of refusals) seen.push(['refused', await refused().then(String, ({ code }) => code)]);
  await client.close();
}

naming()
  .then(config)
  .then(() => {
    process.stdout.write(`${JSON.stringify(seen)}\n`);
    process.exit(0);
  });
