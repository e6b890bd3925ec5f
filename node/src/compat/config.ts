/** `NacosConfigClient` of the package `nacos`, on this engine. */
import assert from 'node:assert';
import { homedir } from 'node:os';
import { join } from 'node:path';

import type { ConfigChange } from '../config';
import type { Watch } from '../watch';
import { Base, commonOptions, textOf } from './base';

/** Options of the original; those that only its HTTP needs have no effect. */
export interface ClientOptions {
  /** `host:port` of the servers, as a list or separated by commas. */
  serverAddr?: string | string[];
  /** `host:port` of an address server. */
  endpoint?: string;
  /** Port of servers that name none. Default 8848. */
  serverPort?: number;
  /** Id of the namespace. Default `public`. */
  namespace?: string;
  /** Access key. */
  accessKey?: string;
  /** Secret key. */
  secretKey?: string;
  /** User name. */
  username?: string;
  /** Password. */
  password?: string;
  /** Name of the application. */
  appName?: string;
  /** Whether connections are encrypted. */
  ssl?: boolean;
  /** Path of the servers' HTTP. */
  contextPath?: string;
  /** Deadline of a call, in milliseconds. Default 5,000. */
  requestTimeout?: number;
  /** Folder of local snapshots. Default `.node-diamond-client-cache` of the home. */
  cacheDir?: string;
  /** Whatever else. */
  [option: string]: unknown;
}

/** What of a config a call is about. */
export interface CommonInputOptions {
  /** The config. */
  dataId: string;
  /** Its group. */
  group: string;
  /** No effect: there is one unit. */
  unit?: string;
}

/** What a call accepts. */
export interface UnitOptions {
  /** No effect: there is one unit. */
  unit?: string;
  /** Type of the content, when it is published. */
  type?: string;
}

/** Takes the content of a config, null when there is none. */
export type ContentListener = (content: string | null) => unknown;

const UNIT = 'CURRENT_UNIT';
const LEGAL = /^[-a-z0-9A-Z_.:]+$/;

interface Subscribed {
  readonly watch: Watch<ConfigChange>;
  readonly listeners: Set<ContentListener>;
  content: string | null | undefined;
}

function check(dataId: unknown, group: unknown): void {
  const legal = (value: unknown): boolean => typeof value === 'string' && LEGAL.test(value);
  for (const id of Array.isArray(dataId) ? (dataId as unknown[]) : [dataId]) {
    assert(legal(id), `[dataId] "${String(id)}" is not a name of digits, letters and the symbols _ - . :`);
  }
  assert(legal(group), `[group] "${String(group)}" is not a name of digits, letters and the symbols _ - . :`);
}

/** Reads, publishes and follows configs, with the methods of `NacosConfigClient` of the package `nacos`. */
export class NacosConfigClient extends Base {
  private readonly subscribed = new Map<string, Subscribed>();

  /**
   * Makes a client, which connects in the background.
   *
   * @param options those of the original
   */
  constructor(options: ClientOptions = {}) {
    assert(options.endpoint ?? options.serverAddr, 'options.endpoint or options.serverAddr is required');
    const port = options.serverPort;
    super(options, {
      ...commonOptions(options, 'serverAddr'),
      directory: textOf(options, 'cacheDir') ?? join(homedir(), '.node-diamond-client-cache'),
      ...(typeof port === 'number' && { defaultPort: port }),
    });
  }

  /** Name under which the original shares one client between processes; here each has its own. */
  get clusterOptions(): Readonly<Record<'name', string>> {
    return { name: `DiamondClient@${textOf(this.options, 'endpoint')}` };
  }

  /**
   * The content of a config, null when there is none.
   *
   * @param dataId the config
   * @param group its group
   * @param _options no effect
   */
  async getConfig(dataId: string, group: string, _options?: UnitOptions): Promise<string | null> {
    check(dataId, group);
    return (await this.client.config.get({ dataId, group }))?.content ?? null;
  }

  /**
   * Publishes a content.
   *
   * @param dataId the config
   * @param group its group
   * @param content the text
   * @param options its type
   */
  async publishSingle(dataId: string, group: string, content: string, options?: UnitOptions): Promise<boolean> {
    check(dataId, group);
    const appName = textOf(this.options, 'appName');
    await this.client.config.publish({ dataId, group }, { content, type: options?.type, appName });
    return true;
  }

  /**
   * Removes a config.
   *
   * @param dataId the config
   * @param group its group
   * @param _options no effect
   */
  async remove(dataId: string, group: string, _options?: UnitOptions): Promise<boolean> {
    check(dataId, group);
    await this.client.config.remove({ dataId, group });
    return true;
  }

  /**
   * Follows a config. The listener is called with the present content first.
   *
   * @param reg the config
   * @param listener takes the content
   */
  subscribe(reg: CommonInputOptions, listener: ContentListener): this {
    const { dataId, group } = reg;
    check(dataId, group);
    const key = `${dataId}@${group}`;
    const known = this.subscribed.get(key);
    if (known !== undefined) {
      known.listeners.add(listener);
      const { content } = known;
      if (content !== undefined) {
        process.nextTick(() => {
          this.call(listener, content);
        });
      }
      return this;
    }
    const watch = this.client.config.watch({ dataId, group });
    const made: Subscribed = { watch, listeners: new Set([listener]), content: undefined };
    this.subscribed.set(key, made);
    watch.on('change', ({ value }) => {
      const content = value?.content ?? null;
      if (content === made.content) return;
      made.content = content;
      for (const each of [...made.listeners]) this.call(each, content);
    });
    watch.on('error', (error) => {
      this.complain(error);
    });
    return this;
  }

  /**
   * Stops calling a listener, or all of them.
   *
   * @param reg the config
   * @param listener which; all if it is absent
   */
  unSubscribe(reg: CommonInputOptions, listener?: ContentListener): this {
    const { dataId, group } = reg;
    check(dataId, group);
    const key = `${dataId}@${group}`;
    const known = this.subscribed.get(key);
    if (listener === undefined) known?.listeners.clear();
    else known?.listeners.delete(listener);
    if (known?.listeners.size === 0) {
      this.subscribed.delete(key);
      known.watch.close();
    }
    return this;
  }

  /** The unit of this machine: there is one. */
  getCurrentUnit(): Promise<string> {
    return Promise.resolve(UNIT);
  }

  /** All units: one. */
  getAllUnits(): Promise<string[]> {
    return Promise.resolve([UNIT]);
  }

  /** Nothing, as in the original. */
  getConfigs(): Promise<string[] | null> {
    return Promise.resolve(null);
  }

  /** Nothing, as in the original. */
  batchGetConfig(dataIds: string[], group: string, _options?: UnitOptions): Promise<object | null> {
    check(dataIds, group);
    return Promise.resolve(null);
  }

  /** Nothing, as in the original. */
  batchQuery(dataIds: string[], group: string, _options?: UnitOptions): Promise<object | null> {
    check(dataIds, group);
    return Promise.resolve(null);
  }

  /**
   * Publishes in all units, of which there is one.
   *
   * @param dataId the config
   * @param group its group
   * @param content the text
   */
  publishToAllUnit(dataId: string, group: string, content: string): Promise<boolean> {
    return this.publishSingle(dataId, group, content);
  }

  /**
   * Removes in all units, of which there is one.
   *
   * @param dataId the config
   * @param group its group
   */
  removeToAllUnit(dataId: string, group: string): Promise<boolean> {
    return this.remove(dataId, group);
  }

  /** Does nothing, as in the original. */
  publishAggr(
    dataId: string,
    group: string,
    _datumId: string,
    _content: string,
    _options?: UnitOptions,
  ): Promise<boolean> {
    check(dataId, group);
    return Promise.resolve(true);
  }

  /** Does nothing, as in the original. */
  removeAggr(dataId: string, group: string, _datumId: string, _options?: UnitOptions): Promise<boolean | null> {
    check(dataId, group);
    return Promise.resolve(null);
  }

  private call(listener: ContentListener, content: string | null): void {
    try {
      listener(content);
    } catch (error) {
      this.complain(error);
    }
  }
}
