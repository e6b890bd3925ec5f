/** `NacosNamingClient` of the package `nacos`, on this engine. */
import assert from 'node:assert';

import type { Instance as OwnInstance, InstanceInit, ServiceKey } from '../model';
import type { ServiceWatch } from '../services';
import { Base, commonOptions } from './base';

/** An instance as calls take it. */
export interface Instance {
  /** What the server calls it. */
  instanceId?: string;
  /** Address. */
  ip: string;
  /** Port. */
  port: number | string;
  /** Share of the traffic. Default 1, also for 0. */
  weight?: number | string;
  /** Whether it is healthy, in place of `healthy`. */
  valid?: boolean;
  /** Whether it is healthy. Default true. */
  healthy?: boolean;
  /** Whether it may take traffic. Default true. */
  enabled?: boolean;
  /** Whether it lives as long as this client. Default true. */
  ephemeral?: boolean;
  /** Its cluster. Default `DEFAULT`. */
  clusterName?: string;
  /** Its service. */
  serviceName?: string;
  /** What else is said of it. */
  metadata?: Record<string, string | number | boolean>;
}

/** An instance as lists have it. */
export interface Host {
  /** What the server calls it. */
  instanceId: string;
  /** Address. */
  ip: string;
  /** Port. */
  port: number;
  /** Share of the traffic. */
  weight: number;
  /** Whether it is healthy. */
  healthy: boolean;
  /** Whether it may take traffic. */
  enabled: boolean;
  /** Whether it lives as long as the client that registered it. */
  ephemeral: boolean;
  /** Its cluster. */
  clusterName: string;
  /** Its service, with the group. */
  serviceName: string;
  /** What else is said of it. */
  metadata: Record<string, string>;
  /** Milliseconds between heartbeats. */
  instanceHeartBeatInterval: number;
  /** How its id was made. */
  instanceIdGenerator: string;
  /** Milliseconds without a heartbeat after which it is unhealthy. */
  instanceHeartBeatTimeOut: number;
  /** Milliseconds without a heartbeat after which it is gone. */
  ipDeleteTimeout: number;
}

/** What is subscribed to. */
export interface SubscribeInfo {
  /** The service. */
  serviceName: string;
  /** Its group. Default `DEFAULT_GROUP`. */
  groupName?: string;
  /** Its clusters, separated by commas. Default all. */
  clusters?: string;
}

/** What takes lines of the log. */
export interface NamingLogger {
  /** Takes a line. */
  info(...args: unknown[]): void;
  /** Takes a line. */
  warn(...args: unknown[]): void;
  /** Takes a line. */
  error(...args: unknown[]): void;
}

/** Options of the original; those that only its HTTP needs have no effect. */
export interface NacosNamingClientConfig {
  /** Takes lines of the log. */
  logger: NamingLogger;
  /** `host:port` of the servers, as a list or separated by commas. */
  serverList?: string | string[];
  /** Id of the namespace. Default `public`. */
  namespace?: string;
  /** User name. */
  username?: string;
  /** Password. */
  password?: string;
  /** Access key. */
  ak?: string;
  /** Secret key. */
  sk?: string;
  /** Name of the application. */
  appName?: string;
  /** `host:port` of an address server. */
  endpoint?: string;
  /** How often it is asked, in milliseconds. */
  vipSrvRefInterMillis?: number;
  /** Whether connections are encrypted. */
  ssl?: boolean;
  /** Whatever else. */
  [option: string]: unknown;
}

/** Takes the instances of a service. */
export type HostsListener = (hosts: Host[]) => unknown;

const DEFAULT_GROUP = 'DEFAULT_GROUP';
const INTERVAL = 'preserved.heart.beat.interval';
const TIMEOUT = 'preserved.heart.beat.timeout';
const DELETION = 'preserved.ip.delete.timeout';
const GENERATOR = 'preserved.instance.id.generator';

interface Subscribed {
  readonly watch: ServiceWatch;
  readonly listeners: Set<HostsListener>;
  hosts: Host[] | undefined;
}

/** Registers, finds and follows services, with the methods of `NacosNamingClient` of the package `nacos`. */
export class NacosNamingClient extends Base {
  private readonly subscribed = new Map<string, Subscribed>();

  /**
   * Makes a client, which connects in the background.
   *
   * @param options those of the original
   */
  constructor(options: NacosNamingClientConfig) {
    assert(options?.logger, 'options.logger is required');
    super({ namespace: 'public', ...options }, commonOptions(options, 'serverList'));
  }

  /** Takes lines of the log. */
  get logger(): NamingLogger {
    return this.options['logger'] as NamingLogger;
  }

  /**
   * Registers an instance.
   *
   * @param serviceName the service
   * @param instance the instance
   * @param groupName the group
   */
  async registerInstance(serviceName: string, instance: Instance, groupName = DEFAULT_GROUP): Promise<void> {
    await this.client.naming.register(keyOf(serviceName, groupName), taken(instance));
  }

  /**
   * Deregisters an instance.
   *
   * @param serviceName the service
   * @param instance the instance
   * @param groupName the group
   */
  async deregisterInstance(serviceName: string, instance: Instance, groupName = DEFAULT_GROUP): Promise<void> {
    await this.client.naming.deregister(keyOf(serviceName, groupName), taken(instance));
  }

  /**
   * All instances of a service.
   *
   * @param serviceName the service
   * @param groupName the group
   * @param clusters separated by commas; none means all
   * @param subscribe whether further calls read memory
   */
  async getAllInstances(
    serviceName: string,
    groupName = DEFAULT_GROUP,
    clusters = '',
    subscribe = true,
  ): Promise<Host[]> {
    const query = { clusters: [clusters], subscribe };
    return (await this.client.naming.instances(keyOf(serviceName, groupName), query)).map(given);
  }

  /**
   * The instances of a service that take traffic.
   *
   * @param serviceName the service
   * @param groupName the group
   * @param clusters separated by commas; none means all
   * @param healthy those that are, or those that are not
   * @param subscribe whether further calls read memory
   */
  async selectInstances(
    serviceName: string,
    groupName = DEFAULT_GROUP,
    clusters = '',
    healthy = true,
    subscribe = true,
  ): Promise<Host[]> {
    const query = { clusters: [clusters], healthy, subscribe };
    return (await this.client.naming.select(keyOf(serviceName, groupName), query)).map(given);
  }

  /** Whether the server is well: `UP` or `DOWN`. */
  async getServerStatus(): Promise<'UP' | 'DOWN'> {
    return (await this.client.naming.isServerUp()) ? 'UP' : 'DOWN';
  }

  /**
   * Follows a service. The listener is called with the present instances first.
   *
   * @param info the service, or its name
   * @param listener takes the instances
   */
  subscribe(info: SubscribeInfo | string, listener: HostsListener): void {
    const [key, service, clusters] = followed(info);
    const known = this.subscribed.get(key);
    if (known !== undefined) {
      known.listeners.add(listener);
      if (known.hosts !== undefined) {
        setImmediate(() => {
          if (known.listeners.has(listener) && known.hosts !== undefined) this.call(listener, known.hosts);
        });
      }
      return;
    }
    const watch = this.client.naming.watch(service, { selector: { clusters: [clusters] } });
    const made: Subscribed = { watch, listeners: new Set([listener]), hosts: undefined };
    this.subscribed.set(key, made);
    watch.on('change', ({ instances }) => {
      made.hosts = instances.map(given);
      for (const each of [...made.listeners]) this.call(each, made.hosts);
    });
    watch.on('error', (error) => {
      this.logger.error(error);
      this.complain(error);
    });
  }

  /**
   * Stops calling a listener, or all of them.
   *
   * @param info the service, or its name
   * @param listener which; all if it is absent
   */
  unSubscribe(info: SubscribeInfo | string, listener?: HostsListener): void {
    const [key] = followed(info);
    const known = this.subscribed.get(key);
    if (known === undefined) return;
    if (listener === undefined) known.listeners.clear();
    else known.listeners.delete(listener);
    if (known.listeners.size === 0) {
      this.subscribed.delete(key);
      known.watch.close();
    }
  }

  private call(listener: HostsListener, hosts: Host[]): void {
    try {
      listener(hosts);
    } catch (error) {
      this.logger.error(error);
      this.complain(error);
    }
  }
}

/** A name may bring its group: `group@@name`. */
function keyOf(serviceName: string, group: string): ServiceKey {
  const at = serviceName.indexOf('@@');
  return at < 0 ? { name: serviceName, group } : { name: serviceName.slice(at + 2), group: serviceName.slice(0, at) };
}

function followed(info: SubscribeInfo | string): [key: string, service: ServiceKey, clusters: string] {
  const { serviceName, groupName = DEFAULT_GROUP, clusters = '' } =
    typeof info === 'string' ? { serviceName: info } : info;
  const service = keyOf(serviceName, groupName);
  return [`${service.group}@@${service.name}@@${clusters}`, service, clusters];
}

function taken(instance: Instance): InstanceInit {
  const { valid, healthy = true, enabled = true, ephemeral = true, clusterName, metadata, ip, port, weight } = instance;
  return {
    ip,
    // The original takes what a form or a setting has.
    port: Number(port),
    weight: Number(weight) || 1,
    healthy: valid ?? healthy,
    enabled,
    ephemeral,
    cluster: clusterName ?? 'DEFAULT',
    metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, String(value)])),
  };
}

function given(instance: OwnInstance): Host {
  const { metadata } = instance;
  const millis = (name: string, otherwise: number): number => Number(metadata[name]) || otherwise;
  return {
    instanceId: instance.id ?? '',
    ip: instance.ip,
    port: instance.port,
    weight: instance.weight,
    healthy: instance.healthy,
    enabled: instance.enabled,
    ephemeral: instance.ephemeral,
    clusterName: instance.cluster,
    serviceName: instance.service ?? '',
    metadata: { ...metadata },
    instanceHeartBeatInterval: millis(INTERVAL, 5_000),
    instanceIdGenerator: metadata[GENERATOR] ?? 'simple',
    instanceHeartBeatTimeOut: millis(TIMEOUT, 15_000),
    ipDeleteTimeout: millis(DELETION, 30_000),
  };
}
