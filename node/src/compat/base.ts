/** What both stand-ins have beside their own methods. */
import { EventEmitter, once } from 'node:events';

import { NacreClient } from '../client';
import type { ClientOptions } from '../options';

type ReadyCallback = (error?: Error | null) => void;

/** What `awaitFirst` gives. */
export interface FirstEvent {
  /** Name of the event. */
  event: string;
  /** Its arguments. */
  args: unknown[];
}

/** A client that is an emitter, says when it is ready and can be closed. */
export abstract class Base extends EventEmitter {
  /** What it was made with. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The client below. */
  protected readonly client: NacreClient;
  private readonly becoming: Promise<void>;
  private settled = false;
  private closing: Promise<void> | undefined;
  // The original's sockets and timers keep its process alive, until it is closed.
  private readonly alive = setInterval(() => undefined, 0x7fff_ffff);

  /** @internal */
  protected constructor(options: Readonly<Record<string, unknown>>, own: ClientOptions) {
    super();
    this.setMaxListeners(100);
    this.options = options;
    this.client = new NacreClient(own);
    // As with the original a server that is away does not keep it from being ready: calls say that then.
    const done = (): void => {
      this.settled = true;
    };
    this.becoming = this.client.ready().then(done, done);
  }

  /** Whether it is ready. */
  get isReady(): boolean {
    return this.settled;
  }

  /** Waits until it is ready, or calls a function then. */
  ready(): Promise<void>;
  /** Calls a function when it is ready. */
  ready(callback: ReadyCallback): void;
  ready(callback?: ReadyCallback): Promise<void> | undefined {
    if (callback === undefined) return this.becoming;
    void this.becoming.then(() => {
      callback(null);
    });
    return undefined;
  }

  /** Waits for an event and gives its first argument. */
  async await(event: string): Promise<unknown> {
    const [value] = (await once(this, event)) as unknown[];
    return value;
  }

  /** Waits for the first of some events and gives its name and arguments. */
  async awaitFirst(events: readonly string[]): Promise<FirstEvent> {
    const others = new AbortController();
    try {
      return await Promise.race(
        events.map(async (event) => ({
          event,
          args: (await once(this, event, { signal: others.signal })) as unknown[],
        })),
      );
    } finally {
      others.abort();
    }
  }

  /** Closes it: deregisters, unsubscribes, ends the connection. */
  close(): Promise<void> {
    if (this.closing === undefined) {
      clearInterval(this.alive);
      this.closing = this.client.close();
    }
    return this.closing;
  }

  /** Tells of something that no call is there to fail with. */
  protected complain(error: unknown): void {
    if (this.listenerCount('error') > 0) this.emit('error', error);
  }
}

/** A text of the options, if there is one that is not empty. */
export function textOf(options: Readonly<Record<string, unknown>>, ...names: string[]): string | undefined {
  for (const name of names) {
    const value = options[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

function listOf(value: unknown): readonly string[] | undefined {
  if (typeof value === 'string') {
    const list = value.split(',').map((item) => item.trim());
    return list.filter((item) => item !== '');
  }
  return Array.isArray(value) ? (value as string[]) : undefined;
}

/** Options that both have, as this package has them. What is not known is not looked at, as in the original. */
export function commonOptions(options: Readonly<Record<string, unknown>>, servers: string): ClientOptions {
  const endpoint = textOf(options, 'endpoint');
  const [host, port] = endpoint?.split(':') ?? [];
  const refresh = options['vipSrvRefInterMillis'] ?? options['refreshInterval'];
  const [username, password] = [textOf(options, 'username'), textOf(options, 'password')];
  const accessKey = textOf(options, 'accessKey', 'ak', 'alibabaCloudAccessKeyId');
  const secretKey = textOf(options, 'secretKey', 'sk', 'alibabaCloudAccessKeySecret');
  const timeout = options['requestTimeout'];
  return {
    ...(endpoint === undefined || host === undefined
      ? { servers: listOf(options[servers]) ?? [] }
      : {
          endpoint: {
            host,
            port: port === undefined ? undefined : Number(port),
            list: textOf(options, 'clusterName'),
            query: textOf(options, 'endpointQueryParams'),
            refresh: typeof refresh === 'number' ? refresh : undefined,
          },
        }),
    namespace: textOf(options, 'namespace'),
    appName: textOf(options, 'appName'),
    contextPath: textOf(options, 'contextPath'),
    login: username !== undefined && password !== undefined ? { username, password } : undefined,
    keys:
      accessKey !== undefined && secretKey !== undefined
        ? {
            accessKey,
            secretKey,
            securityToken: textOf(options, 'securityToken', 'alibabaCloudSecurityToken'),
            region: textOf(options, 'signatureRegionId'),
          }
        : undefined,
    tls: options['ssl'] === true ? { http: true } : undefined,
    requestTimeout: typeof timeout === 'number' && timeout > 0 ? timeout : 5_000,
  };
}
