/** The native library as this thread uses it: calls by ids, subscriptions by keys, and the drain of what is ready. */
import { type CallSite, type NacreError, at, closedError, internalError, readError } from './errors';
import { onLevel, readLines, warn } from './log';
import { type NativeEngine, native } from './native';
import { Reader, type Writer } from './wire';

/** What is drained at once. */
const MOST = 64;
/** After this time, in milliseconds, the event loop has a turn before the drain goes on. */
const TURN = 2;
const FAR = 0x7fff_ffff;

const ANSWER = 0;
const FAILURE = 1;
const EVENT = 2;

/** What every call accepts. */
export interface CallOptions {
  /** Cancels the call. Whether the server did what was asked is then unknown. */
  readonly signal?: AbortSignal | undefined;
  /** Deadline in milliseconds, in place of the client's. */
  readonly timeout?: number | undefined;
}

interface Call {
  readonly site: CallSite;
  answer(reader: Reader): void;
  fail(error: NacreError): void;
}

type EventHandler = (subscription: NativeSubscription) => void;

/** A subscription of the native library: a value at a time, and the next after `done`. */
export class NativeSubscription {
  constructor(
    private readonly engine: Engine,
    readonly key: bigint,
  ) {}

  /** The newest value; undefined when there is nothing new. Throws why there will be none any more. */
  take(): Reader | undefined {
    const bytes = this.engine.native.take(this.key);
    return bytes === null ? undefined : untagged(bytes);
  }

  done(ok: boolean): void {
    this.engine.native.done(this.key, ok);
  }

  close(): void {
    this.engine.forget(this.key);
    this.engine.native.unsubscribe(this.key);
  }
}

/** Runs something long, with turns for the event loop; all of it at once if it is short. */
export function inTurns<T>(steps: Generator<undefined, T>): T | Promise<T> {
  const begin = performance.now();
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return step.value;
    if (performance.now() - begin >= TURN) break;
  }
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(inTurns(steps));
      } catch (error) {
        reject(error);
      }
    });
  });
}

function untagged(bytes: Buffer): Reader {
  const reader = new Reader(bytes);
  if (reader.u8() === 0) return reader;
  throw readError(reader);
}

/** All of this thread. */
class Engine {
  readonly native: NativeEngine;
  private readonly calls = new Map<number, Call>();
  private readonly handlers = new Map<bigint, readonly [NativeSubscription, EventHandler]>();
  private lastId = 0;
  private batch: Reader | undefined;
  private waits = 0;
  private readonly alive: NodeJS.Timeout;

  constructor() {
    this.native = new (native().Engine)(() => {
      this.drain();
    });
    this.alive = setInterval(() => undefined, FAR);
    this.alive.unref();
    onLevel((level) => {
      this.native.logLevel(level);
    });
  }

  /** Keeps the process alive, until as many `unref`s. */
  ref(): void {
    if (this.waits++ === 0) this.alive.ref();
  }

  unref(): void {
    if (--this.waits === 0) this.alive.unref();
  }

  submit<T>(
    client: bigint,
    op: number,
    request: Writer,
    decode: (reader: Reader) => T | PromiseLike<T>,
    options: CallOptions | undefined,
    explain: (error: NacreError) => NacreError,
  ): Promise<T> {
    const site: CallSite = {};
    // eslint-disable-next-line @typescript-eslint/unbound-method -- only named, to leave its frame out
    Error.captureStackTrace(site, this.submit);
    const signal = options?.signal;
    const limit = checkedTimeout(options?.timeout);
    return new Promise<T>((resolve, reject) => {
      signal?.throwIfAborted();
      const id = ++this.lastId;
      const abort = (): void => {
        end();
        this.native.cancel(id);
        reject(signal?.reason as Error);
      };
      const end = (): void => {
        this.calls.delete(id);
        this.unref();
        signal?.removeEventListener('abort', abort);
      };
      if (!this.native.submit(client, id, op, request.toBytes(), limit)) {
        reject(at(closedError(), site));
        return;
      }
      this.ref();
      signal?.addEventListener('abort', abort);
      this.calls.set(id, {
        site,
        answer: (reader) => {
          end();
          try {
            resolve(decode(reader));
          } catch (error) {
            reject(error instanceof RangeError ? internalError(error) : (error as Error));
          }
        },
        fail: (error) => {
          end();
          reject(at(explain(error), site));
        },
      });
    });
  }

  open(options: Writer): bigint {
    return untagged(this.native.open(options.toBytes())).key();
  }

  /** What needs no server; undefined when it would. */
  ask(client: bigint, op: number, request: Writer): Reader | undefined {
    const bytes = this.native.call(client, op, request.toBytes());
    return bytes === null ? undefined : untagged(bytes);
  }

  subscribe(client: bigint, op: number, request: Writer, handler: EventHandler): NativeSubscription {
    return this.attach(untagged(this.native.subscribe(client, op, request.toBytes())).key(), handler);
  }

  /** Takes over a subscription that an answer gave. */
  attach(key: bigint, handler: EventHandler): NativeSubscription {
    const subscription = new NativeSubscription(this, key);
    this.handlers.set(key, [subscription, handler]);
    this.native.arm(key);
    return subscription;
  }

  forget(key: bigint): void {
    this.handlers.delete(key);
  }

  private drain(): void {
    const end = performance.now() + TURN;
    for (;;) {
      if (this.batch === undefined || this.batch.isAtEnd) {
        const polled = this.native.poll(MOST);
        if (polled === null) {
          this.batch = undefined;
          return;
        }
        this.batch = new Reader(polled);
      }
      this.one(this.batch);
      if (performance.now() >= end) {
        setImmediate(() => {
          this.drain();
        });
        return;
      }
    }
  }

  private one(batch: Reader): void {
    const kind = batch.u8();
    if (kind === EVENT) {
      const found = this.handlers.get(batch.key());
      batch.count();
      if (found === undefined) return;
      try {
        found[1](found[0]);
      } catch (error) {
        warn(`a defect while an event was handled: ${String(error)}`);
        found[0].done(false);
      }
      return;
    }
    const id = batch.number();
    const payload = batch.nested();
    if (kind === ANSWER) {
      this.calls.get(id)?.answer(payload);
    } else if (kind === FAILURE) {
      const call = this.calls.get(id);
      call?.fail(readError(payload));
    } else {
      readLines(payload);
    }
  }
}

function checkedTimeout(timeout: number | undefined): number {
  if (timeout === undefined) return 0;
  if (typeof timeout !== 'number') throw new TypeError('timeout must be a number of milliseconds');
  if (!(timeout > 0 && timeout <= FAR)) throw new RangeError('timeout must be above 0');
  return Math.ceil(timeout);
}

export type { Engine };

let engine: Engine | undefined;

/** The engine of this thread; the first use loads the library and starts its threads. */
export function sharedEngine(): Engine {
  engine ??= new Engine();
  return engine;
}

/** A client of the native library. */
export class NativeClient {
  readonly engine = sharedEngine();
  private readonly key: bigint;
  /** Those that are open: they end with the client. */
  readonly watches = new Set<{ close(): void }>();
  private closing: Promise<void> | undefined;

  constructor(options: Writer) {
    this.key = this.engine.open(options);
  }

  get isClosed(): boolean {
    return this.closing !== undefined;
  }

  checkOpen(): void {
    if (this.isClosed) throw closedError();
  }

  /** Starts an operation. */
  submit<T>(
    op: number,
    request: Writer,
    decode: (reader: Reader) => T | PromiseLike<T>,
    options?: CallOptions,
  ): Promise<T> {
    return this.engine.submit(this.key, op, request, decode, options, (error) =>
      // What was under way when the client was closed ends as closed, whatever it fell over.
      this.isClosed && error.kind !== 'closed' ? closedError(error) : error,
    );
  }

  ask(op: number, request: Writer): Reader | undefined {
    return this.engine.ask(this.key, op, request);
  }

  subscribe(op: number, request: Writer, handler: EventHandler): NativeSubscription {
    this.checkOpen();
    return this.engine.subscribe(this.key, op, request, handler);
  }

  close(op: number, request: Writer): Promise<void> {
    if (this.closing === undefined) {
      this.closing = this.engine.submit(this.key, op, request, () => undefined, undefined, (error) => error);
      for (const watch of [...this.watches]) watch.close();
    }
    return this.closing;
  }
}
