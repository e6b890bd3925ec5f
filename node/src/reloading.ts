/** Settings of a program that follow a config. */
import { EventEmitter } from 'node:events';

import type { ConfigChange, ConfigClient } from './config';
import type { ConfigName } from './model';
import type { Watch } from './watch';

/** What `ReloadingConfig.open` accepts. */
export interface ReloadingOptions<T> {
  /** Makes settings of a content. Default `JSON.parse`. */
  readonly parse?: ((content: string) => T) | undefined;
  /** The settings while the config does not exist. Without them it has to exist. */
  readonly fallback?: T | undefined;
}

/** Names and arguments of the events of a `ReloadingConfig`. */
export interface ReloadingEvents<T> {
  /** There are other settings. */
  change: [now: T, before: T];
  /** A content could not be parsed; the settings stay. */
  error: [error: unknown];
}

/**
 * Settings that follow a config. A content that cannot be parsed leaves them as they are, and is the event `error` if
 * somebody listens.
 */
export class ReloadingConfig<T> extends EventEmitter<ReloadingEvents<T>> {
  private watch: Watch<ConfigChange> | undefined;

  private constructor(
    private settings: T,
    private readonly options: ReloadingOptions<T>,
  ) {
    super();
  }

  /**
   * Reads a config and follows it.
   *
   * @param config the client's `config`
   * @param name the config
   * @param options how contents become settings
   */
  static async open<T = unknown>(
    config: ConfigClient,
    name: ConfigName,
    options: ReloadingOptions<T> = {},
  ): Promise<ReloadingConfig<T>> {
    let reloading: ReloadingConfig<T> | undefined;
    const { value, watch } = await config.getAndListen(name, (change) => reloading?.reload(change));
    try {
      reloading = new ReloadingConfig(made(value?.content, options), options);
    } catch (error) {
      watch.close();
      throw error;
    }
    reloading.watch = watch;
    return reloading;
  }

  /** The settings as they are now. */
  get current(): T {
    return this.settings;
  }

  /** Stops following; the settings stay. */
  close(): void {
    this.watch?.close();
  }

  private reload({ value }: ConfigChange): void {
    let now: T;
    try {
      now = made(value?.content, this.options);
    } catch (error) {
      if (this.listenerCount('error') > 0) this.emit('error', error);
      return;
    }
    const before = this.settings;
    this.settings = now;
    this.emit('change', now, before);
  }
}

function made<T>(content: string | undefined, { parse, fallback }: ReloadingOptions<T>): T {
  if (content !== undefined) return parse === undefined ? (JSON.parse(content) as T) : parse(content);
  if (fallback === undefined) throw new Error('the config does not exist, and there are no settings for that');
  return fallback;
}
