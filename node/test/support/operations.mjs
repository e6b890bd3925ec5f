// Operations of cases as calls of the client.
import { NacreClient, NacreError, sameCluster } from 'nacre-client';

/** A failure as cases see it; undefined for what is no failure of a call. */
export function failureOf(error) {
  if (error instanceof NacreError) return { kind: error.kind, code: error.code, retryable: error.retryable, error };
  // Values that never cross to the engine.
  if (error instanceof TypeError || error instanceof RangeError) {
    return { kind: 'invalid_parameter', code: 400, retryable: false, error };
  }
  return undefined;
}

const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());

/** Options of a case: names in snake case, times with their unit. */
function renamed(options) {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [camel(name.replace(/_ms$/, '')), value]));
}

export function clientOptions(options, { variable, run }) {
  const { server, namespace, lazy: _, naming, config, pool, keep_alive_ms: pause, app_labels: appLabels, ...rest } =
    options;
  return {
    servers: server ?? variable('server'),
    namespace: namespace ?? variable('namespace'),
    ...renamed(rest),
    ...(appLabels && { appLabels }),
    // Pools are the process's; a case has its own.
    ...(pool !== undefined && { pool: run + pool }),
    ...(pause !== undefined && { keepAlive: pause, healthCheckTimeout: pause }),
    ...(naming && { naming: renamed(naming) }),
    ...(config && { config: renamed(config) }),
  };
}

const service = ({ group, service: name }) => ({ name, group });
const services = (keys) => keys.map(({ group, name }) => ({ group, service: name }));
const config = ({ group, data_id: dataId }) => ({ dataId, group });
const configs = (keys) => keys.map(({ group, dataId }) => ({ group, data_id: dataId }));

const value = (found) =>
  found && {
    content: found.content,
    md5: found.md5,
    type: found.type,
    encrypted_data_key: found.encryptedDataKey,
    source: found.source,
    last_modified: found.lastModified,
  };

const publish = ({ content, type }) => ({ content, type });
const gray = ({ tag, beta_ips: beta = [] }) => (tag === undefined ? { beta } : { tag });
const query = ({ clusters, subscribe }) => ({ clusters, subscribe });

function balancer({ balancer: kind = 'weighted_random', cluster }) {
  return kind === 'same_cluster' ? sameCluster(cluster) : camel(kind);
}

const settings = ({ protect_threshold: protectThreshold, metadata }) => ({ protectThreshold, metadata });

const OF_CLIENT = {
  ready: (client, { limit_ms: timeout }) => client.ready({ timeout }),
  close: (client) => client.close(),
  reopen: (client) => client.reopen(),
  status: ({ status }) => ({
    state: status.state,
    server: status.server,
    generation: status.generation,
    last_error: status.lastError && { kind: status.lastError.kind, code: status.lastError.code },
  }),
  metrics: (client) => ({ requests: client.metrics?.calls ?? 0 }),
};

const OF_NAMING = {
  register: ({ naming }, args) => naming.register(service(args), args.instance),
  register_batch: ({ naming }, args) => naming.registerBatch(service(args), args.instances),
  deregister: ({ naming }, args) => naming.deregister(service(args), args.instance),
  deregister_batch: ({ naming }, args) => naming.deregisterBatch(service(args), args.instances),
  instances: ({ naming }, args) => naming.instances(service(args), query(args)),
  select: ({ naming }, args) => naming.select(service(args), { ...query(args), healthy: args.healthy }),
  select_one: ({ naming }, args) =>
    naming.selectOne(service(args), { ...query(args), balancer: balancer(args), key: args.key }),
  watch: ({ naming }, args, recorder) => {
    const tell = (change) => recorder.tell({ ...change, service: change.service.name, group: change.service.group });
    recorder.opened(naming.watch(service(args), tell, { selector: args.selector }));
  },
  services: async ({ naming }, { group, page, size }) => naming.services({ group, page, size }),
  watch_services: ({ naming }, { group }, recorder) =>
    recorder.opened(naming.watchServices(group, ({ names }) => recorder.tell({ names }))),
  watch_fuzzy: async ({ naming }, { group, service: name }, recorder) => {
    const tell = ({ added, removed }) => recorder.tell({ added: services(added), removed: services(removed) });
    recorder.opened(await naming.watchPattern({ group, name }, tell));
  },
  subscribed: ({ naming }) => services(naming.subscribed()),
  server_status: async ({ naming }) => ((await naming.isServerUp()) ? 'up' : 'down'),
  create_service: ({ naming }, args) => naming.maintenance.createService(service(args), settings(args)),
  update_service: ({ naming }, args) => naming.maintenance.updateService(service(args), settings(args)),
  delete_service: ({ naming }, args) => naming.maintenance.deleteService(service(args)),
  update_instance: ({ naming }, args) => naming.maintenance.updateInstance(service(args), args.instance),
  get_service: async ({ naming }, args) => {
    const detail = await naming.maintenance.service(service(args));
    return {
      service: detail.service.name,
      group: detail.service.group,
      protect_threshold: detail.protectThreshold,
      metadata: detail.metadata,
    };
  },
};

const telling = (recorder) => (change) => recorder.tell({ value: value(change.value) ?? null });

const OF_CONFIG = {
  get: async (client, args) => value(await client.config.get(config(args))),
  get_and_listen: async (client, args, recorder) => {
    const reading = await client.config.getAndListen(config(args), telling(recorder));
    recorder.opened(reading.watch);
    return value(reading.value);
  },
  watch: (client, args, recorder) => recorder.opened(client.config.watch(config(args), telling(recorder))),
  listen: (client, args, recorder) =>
    recorder.opened(client.config.listen(config(args), args.baseline ?? '', telling(recorder))),
  publish: (client, args) => client.config.publish(config(args), publish(args)),
  publish_cas: (client, args) => client.config.publishCas(config(args), publish(args), args.md5),
  publish_gray: (client, args) => client.config.publishGray(config(args), publish(args), gray(args)),
  remove: (client, args) => client.config.remove(config(args)),
  remove_gray: (client, args) => client.config.removeGray(config(args), gray(args)),
  watch_fuzzy: async (client, { group, data_id: dataId }, recorder) => {
    const tell = ({ added, removed }) => recorder.tell({ added: configs(added), removed: configs(removed) });
    recorder.opened(await client.config.watchPattern({ group, dataId }, tell));
  },
};

const OF_LOCK = {
  acquire: ({ lock }, { key, lease_ms: lease }) => lock.acquire(key, { lease }),
  release: ({ lock }, { key, lease_ms: lease }) => lock.release(key, { lease }),
};

const ALL = { client: OF_CLIENT, naming: OF_NAMING, config: OF_CONFIG, lock: OF_LOCK };

/** Runs an operation; `stage` has the clients by name. */
export async function perform(stage, operation, on, args, recorder) {
  if (operation === 'client.connect') {
    const options = args.options ?? {};
    const all = clientOptions(options, stage);
    stage.clients.set(on, options.lazy ? new NacreClient(all) : await NacreClient.connect(all));
    return undefined;
  }
  const [face, verb] = operation.split('.');
  const run = ALL[face]?.[verb];
  if (run === undefined) throw new Error(`no operation ${operation}`);
  return run(stage.clients.get(on), args, recorder);
}
