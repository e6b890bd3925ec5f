/** The configuration centre. */
import * as check from './check';
import type { CallOptions, NativeClient } from './engine';
import {
  type ConfigKey,
  type ConfigName,
  type ConfigValue,
  type Gray,
  type Publish,
  configKey,
  readConfigKey,
  readValue,
  writeConfig,
  writeGray,
  writePublish,
} from './model';
import { listenerAndOptions } from './naming';
import { Op } from './op';
import { type Listener, NativeWatch, type Watch, type WatchOptions } from './watch';
import type { Reader } from './wire';
import { Writer } from './wire';

/** A new content of a config. */
export interface ConfigChange {
  /** The config. */
  readonly key: ConfigKey;
  /** The content; undefined when the config does not exist. */
  readonly value: ConfigValue | undefined;
}

/** Configs that came to fit a pattern, and that do not any more. */
export interface ConfigPatternChange {
  /** All that fit. */
  readonly all: readonly ConfigKey[];
  /** What came. */
  readonly added: readonly ConfigKey[];
  /** What went. */
  readonly removed: readonly ConfigKey[];
}

/** Names with a `*` at one end or both: `order-*`, `*`. */
export interface ConfigPattern {
  /** Of the group. Default `*`. */
  readonly group?: string | undefined;
  /** Of the data id. Default `*`. */
  readonly dataId?: string | undefined;
}

/** What was read, and what follows it from there on. */
export interface ConfigReading {
  /** The content; undefined when the config does not exist. */
  readonly value: ConfigValue | undefined;
  /** Begins with the first content that differs from the one read. */
  readonly watch: Watch<ConfigChange>;
}

/** Changes contents on their way, e.g. encrypts them. Local files and md5 are of what the server has. */
export interface ConfigFilter {
  /** Changes what is published. */
  publish?(key: ConfigKey, publish: Publish): Publish;
  /** Changes what was received. */
  receive?(key: ConfigKey, value: ConfigValue): ConfigValue;
}

const nothing = (): undefined => undefined;
const readOptional = (reader: Reader): ConfigValue | undefined => reader.optional(readValue);

function published(content: string | Publish): Publish {
  if (typeof content === 'string') return { content };
  return check.object(content, 'content') as unknown as Publish;
}

/** Reads, publishes and follows configs. Had from `client.config`. */
export class ConfigClient {
  private readonly filters: ConfigFilter[] = [];

  /** @internal */
  constructor(private readonly client: NativeClient) {}

  /**
   * Adds a filter. Contents to publish pass the filters in the order in which they were added, received ones in the
   * opposite order.
   *
   * @param filter changes contents
   */
  addFilter(filter: ConfigFilter): void {
    check.object(filter, 'filter');
    this.filters.push(filter);
  }

  /**
   * Reads a config: a failover file of the directory first, then the server, and the local snapshot when it cannot be
   * reached.
   *
   * @param config the config
   * @param options a signal, a deadline
   * @returns undefined when there is none
   */
  async get(config: ConfigName, options?: CallOptions): Promise<ConfigValue | undefined> {
    const key = configKey(config);
    const value = await this.client.submit(Op.get, writeConfig(new Writer(), key), readOptional, options);
    return this.received(key, value);
  }

  /**
   * Reads a config and follows it from there on, without a gap.
   *
   * @param config the config
   * @param listener is told of what differs from the content read
   * @param options signals, a deadline
   */
  async getAndListen(
    config: ConfigName,
    listener?: Listener<ConfigChange>,
    options?: CallOptions & WatchOptions,
  ): Promise<ConfigReading> {
    const key = configKey(config);
    const watch = this.following(key, listener, options);
    const read = (answer: Reader): ConfigReading => {
      const value = answer.optional(readValue);
      watch.attach(answer.key());
      return { value: this.received(key, value), watch };
    };
    try {
      return await this.client.submit(Op.getAndListen, writeConfig(new Writer(), key), read, options);
    } catch (error) {
      watch.close();
      throw error;
    }
  }

  /**
   * Follows a config. Begins with the present content, as soon as it is known.
   *
   * @param config the config
   * @param listener is told of changes; more can be added with `on('change', ...)`, or loop over the watch
   * @param options a signal
   */
  watch(config: ConfigName, listener?: Listener<ConfigChange>, options?: WatchOptions): Watch<ConfigChange>;
  /**
   * Follows a config, for `for await` and `on('change', ...)`.
   *
   * @param config the config
   * @param options a signal
   */
  watch(config: ConfigName, options: WatchOptions): Watch<ConfigChange>;
  watch(
    config: ConfigName,
    listener?: Listener<ConfigChange> | WatchOptions,
    options?: WatchOptions,
  ): Watch<ConfigChange> {
    const key = configKey(config);
    const [listen, more] = listenerAndOptions<Listener<ConfigChange>, WatchOptions>(listener, options);
    return this.following(key, listen, more).subscribe(Op.watchConfig, writeConfig(new Writer(), key));
  }

  /**
   * Follows a config whose content is known. Begins with the first content that differs.
   *
   * @param config the config
   * @param md5 of the content that is known, as the server has it; empty for none
   * @param listener is told of changes
   * @param options a signal
   */
  listen(
    config: ConfigName,
    md5: string,
    listener?: Listener<ConfigChange>,
    options?: WatchOptions,
  ): Watch<ConfigChange> {
    const key = configKey(config);
    const request = writeConfig(new Writer(), key).string(check.text(md5, 'md5'));
    return this.following(key, listener, options).subscribe(Op.listen, request);
  }

  /**
   * Publishes a content.
   *
   * @param config the config
   * @param content the text, or the text with what the server keeps beside it
   * @param options a signal, a deadline
   */
  async publish(config: ConfigName, content: string | Publish, options?: CallOptions): Promise<void> {
    const request = this.publishing(config, content).bool(false);
    await this.client.submit(Op.publish, request, nothing, options);
  }

  /**
   * Publishes a content in place of one that is known. Fails with a `ConflictError` when the config has another.
   *
   * @param config the config
   * @param content the text, or the text with what the server keeps beside it
   * @param md5 of the content that is replaced, as the server has it
   * @param options a signal, a deadline
   */
  async publishCas(
    config: ConfigName,
    content: string | Publish,
    md5: string,
    options?: CallOptions,
  ): Promise<void> {
    const request = this.publishing(config, content).string(check.text(md5, 'md5'));
    await this.client.submit(Op.publishCas, request, nothing, options);
  }

  /**
   * Publishes a version for some clients only. The others keep the config itself.
   *
   * @param config the config
   * @param content the text, or the text with what the server keeps beside it
   * @param gray for whom
   * @param options a signal, a deadline
   */
  async publishGray(
    config: ConfigName,
    content: string | Publish,
    gray: Gray,
    options?: CallOptions,
  ): Promise<void> {
    const request = this.publishing(config, content);
    writeGray(request.bool(true), gray);
    await this.client.submit(Op.publish, request, nothing, options);
  }

  /**
   * Removes a config. Removing one that is not there succeeds.
   *
   * @param config the config
   * @param options a signal, a deadline
   */
  async remove(config: ConfigName, options?: CallOptions): Promise<void> {
    const request = writeConfig(new Writer(), configKey(config)).bool(false);
    await this.client.submit(Op.remove, request, nothing, options);
  }

  /**
   * Removes a version that was published with `publishGray`. Needs a server of 2.5 or later.
   *
   * @param config the config
   * @param gray which version
   * @param options a signal, a deadline
   */
  async removeGray(config: ConfigName, gray: Gray, options?: CallOptions): Promise<void> {
    const request = writeConfig(new Writer(), configKey(config)).bool(true);
    await this.client.submit(Op.remove, writeGray(request, gray), nothing, options);
  }

  /**
   * Watches which configs fit a pattern, on servers from 3.0 on. Contents are not told.
   *
   * @param pattern the pattern
   * @param listener is told of changes
   * @param options a signal
   */
  async watchPattern(
    pattern: ConfigPattern,
    listener?: Listener<ConfigPatternChange>,
    options?: WatchOptions,
  ): Promise<Watch<ConfigPatternChange>> {
    const { group = '*', dataId = '*' } = check.object(pattern, 'pattern') as ConfigPattern;
    const read = (value: Reader): ConfigPatternChange => ({
      all: value.list(readConfigKey),
      added: value.list(readConfigKey),
      removed: value.list(readConfigKey),
    });
    const request = new Writer().string(check.text(group, 'group')).string(check.text(dataId, 'dataId'));
    const watch = new NativeWatch(this.client, `configs like ${dataId}`, read, listener, options);
    return watch.open(Op.watchSet, request, options);
  }

  private following(
    key: ConfigKey,
    listener: Listener<ConfigChange> | undefined,
    options: WatchOptions | undefined,
  ): NativeWatch<ConfigChange> {
    const read = (reader: Reader): ConfigChange => ({ key, value: this.received(key, readOptional(reader)) });
    return new NativeWatch(this.client, `config ${key.group}/${key.dataId}`, read, listener, options);
  }

  private received(key: ConfigKey, value: ConfigValue | undefined): ConfigValue | undefined {
    if (value === undefined) return undefined;
    return this.filters.reduceRight((content, filter) => filter.receive?.(key, content) ?? content, value);
  }

  private publishing(config: ConfigName, content: string | Publish): Writer {
    const key = configKey(config);
    const filtered = this.filters.reduce(
      (publish, filter) => filter.publish?.(key, publish) ?? publish,
      published(content),
    );
    return writePublish(writeConfig(new Writer(), key), filtered);
  }
}
