/** A client: its connection, and what is reached through it. */
import * as check from './check';
import { ConfigClient } from './config';
import { type CallOptions, NativeClient } from './engine';
import { LockClient } from './lock';
import { type ClientEvent, type Metrics, type Status, readEvent, readMetrics, readStatus } from './model';
import { NamingClient } from './naming';
import { Op } from './op';
import { type ClientOptions, encode } from './options';
import { Services } from './services';
import { type Listener, NativeWatch, type Watch, type WatchOptions } from './watch';
import { Writer } from './wire';

/** What `ready` accepts. */
export interface ReadyOptions {
  /** Cancels the waiting. */
  readonly signal?: AbortSignal | undefined;
  /** Limit of the waiting, in milliseconds. Default the deadline of the client's calls. */
  readonly timeout?: number | undefined;
}

const REQUEST_TIMEOUT = 3_000;
const nothing = (): undefined => undefined;

interface Opened {
  readonly native: NativeClient;
  readonly services: Services;
  readonly naming: NamingClient;
  readonly config: ConfigClient;
  readonly lock: LockClient;
}

function open(options: Writer): Opened {
  const native = new NativeClient(options);
  const services = new Services(native);
  return {
    native,
    services,
    naming: new NamingClient(native, services),
    config: new ConfigClient(native),
    lock: new LockClient(native),
  };
}

/**
 * A client of a registry and configuration centre. It connects in the background, connects again whenever the
 * connection is lost, and renews then what was registered and followed.
 *
 * An open client does not keep the process alive; a call that is under way does.
 */
export class NacreClient {
  private readonly options: ClientOptions;
  private opened: Opened;

  /**
   * Makes a client, which connects in the background.
   *
   * @param options where the servers are, and the rest
   */
  constructor(options: ClientOptions = {}) {
    const encoded = encode(options);
    this.options = structuredClone(options);
    this.opened = open(encoded);
  }

  /**
   * Makes a client and waits for its connection.
   *
   * @param options where the servers are, and the rest
   * @param ready limit of the waiting, a signal
   */
  static async connect(options: ClientOptions = {}, ready?: ReadyOptions): Promise<NacreClient> {
    const client = new NacreClient(options);
    try {
      await client.ready(ready);
      return client;
    } catch (error) {
      void client.close().catch(nothing);
      throw error;
    }
  }

  /** The service registry. */
  get naming(): NamingClient {
    return this.opened.naming;
  }

  /** The configuration centre. */
  get config(): ConfigClient {
    return this.opened.config;
  }

  /** Locks. */
  get lock(): LockClient {
    return this.opened.lock;
  }

  /** The id of the namespace. */
  get namespace(): string {
    const id = this.options.namespace?.trim() ?? '';
    return id === '' ? 'public' : id;
  }

  /** The connection. */
  get status(): Status {
    const closed: Status = { state: 'closed', since: new Date(), serverGeneration: 'unknown', generation: 0 };
    if (this.closed) return closed;
    const answer = this.opened.native.ask(Op.status, new Writer());
    return answer === undefined ? closed : readStatus(answer);
  }

  /** What was counted. */
  get metrics(): Metrics | undefined {
    if (this.closed) return undefined;
    const answer = this.opened.native.ask(Op.metrics, new Writer());
    return answer === undefined ? undefined : readMetrics(answer);
  }

  /** `host:port` of the servers that the client knows. */
  get servers(): readonly string[] {
    return this.closed ? [] : (this.opened.native.ask(Op.servers, new Writer())?.strings() ?? []);
  }

  /** Whether it was closed. */
  get closed(): boolean {
    return this.opened.native.isClosed;
  }

  /**
   * Waits for the connection.
   *
   * @param options limit of the waiting, a signal
   */
  async ready(options?: ReadyOptions): Promise<void> {
    const limit = check.integer(
      options?.timeout ?? this.options.requestTimeout ?? REQUEST_TIMEOUT,
      'timeout',
      0,
      0x7fff_ffff,
    );
    const call: CallOptions = { signal: options?.signal };
    await this.opened.native.submit(Op.ready, new Writer().number(limit), nothing, call);
  }

  /**
   * Follows what happens to the connection.
   *
   * @param listener is told
   * @param options a signal
   */
  watchEvents(listener?: Listener<ClientEvent>, options?: WatchOptions): Watch<ClientEvent> {
    const watch = new NativeWatch(this.opened.native, 'the connection', readEvent, listener, options);
    return watch.subscribe(Op.events, new Writer());
  }

  /**
   * Closes the client: deregisters, unsubscribes, ends the connection. Calls under way fail with a
   * `ClientClosedError`. May be called again.
   */
  async close(): Promise<void> {
    const { native, services } = this.opened;
    const closing = native.close(Op.close, new Writer());
    services.close();
    await closing;
  }

  /** Opens a closed client again, with its options and nothing else of before. */
  reopen(): void {
    if (this.closed) this.opened = open(encode(this.options));
  }
}
