/** Following something: by listeners, or by an asynchronous iterator. */
import { EventEmitter } from 'node:events';

import * as check from './check';
import type { NacreError } from './errors';
import type { CallOptions, NativeClient, NativeSubscription } from './engine';
import { warn } from './log';
import type { Reader, Writer } from './wire';

/** What every watch accepts. */
export interface WatchOptions {
  /** Closes the watch. */
  readonly signal?: AbortSignal | undefined;
}

/** Takes a value; the next one comes when the promise that it gives is fulfilled. */
export type Listener<T> = (value: T) => unknown;

/** Names and arguments of the events of a watch. */
export interface WatchEvents<T> {
  /** There is a new value. */
  change: [value: T];
  /** A listener failed, or the server ended the watch. */
  error: [error: unknown];
  /** It is over. */
  close: [];
}

/**
 * A watch tells each change as the event `change`, and to `for await` loops. Values may be skipped while listeners are
 * busy, the newest one never. A listener may give a promise: until it is fulfilled it is not called again. One that
 * fails is called again with the same value, or a newer one, after one to five seconds; the failure is the event
 * `error`, which without a listener goes to the log.
 *
 * A watch does not keep the process alive, unless it is told to by `ref`, or a loop waits for its next value.
 */
export abstract class Watch<T> extends EventEmitter<WatchEvents<T>> implements AsyncIterable<T> {
  /** Why the server has ended the watch, if it did. */
  error: NacreError | undefined;

  private running = false;
  private ringing = false;
  private ended = false;
  private referred = false;
  private readonly loops = new Set<Loop<T>>();
  private readonly signal: AbortSignal | undefined;
  private readonly onAbort = (): void => {
    this.close();
  };

  /** @internal */
  protected constructor(
    /** @internal */
    protected readonly client: NativeClient,
    private readonly what: string,
    listener: Listener<T> | undefined,
    options: WatchOptions | undefined,
  ) {
    super();
    if (listener !== undefined) this.on('change', check.listener(listener, 'listener'));
    this.signal = options?.signal;
    this.signal?.throwIfAborted();
    this.signal?.addEventListener('abort', this.onAbort, { once: true });
    (this as EventEmitter).on('newListener', (event: string | symbol) => {
      // What came before the first listener waits for it.
      if (event === 'change')
        queueMicrotask(() => {
          this.run();
        });
    });
  }

  /** @internal From now on it ends with the client. */
  protected begun(): void {
    this.client.watches.add(this);
  }

  /** @internal The newest value that was not told yet; undefined if there is none. */
  protected abstract take(): T | undefined;

  /** @internal What was taken was told, or could not be. Called when there is nothing more for now. */
  protected abstract told(ok: boolean): void;

  /** @internal Ends it. */
  protected abstract end(): void;

  /** Whether it is over. */
  get closed(): boolean {
    return this.ended || this.client.isClosed;
  }

  /** Ends it. No listener is called any more, loops end. */
  close(): void {
    if (this.ended) return;
    this.ended = true;
    this.client.watches.delete(this);
    this.signal?.removeEventListener('abort', this.onAbort);
    this.unref();
    this.end();
    for (const loop of [...this.loops]) loop.end(this.signal?.aborted === true ? this.signal.reason : undefined);
    this.emit('close');
  }

  /** Keeps the process alive while the watch is open. */
  ref(): this {
    if (!this.referred && !this.ended) {
      this.referred = true;
      this.client.engine.ref();
    }
    return this;
  }

  /** Undoes `ref`. */
  unref(): this {
    if (this.referred) {
      this.referred = false;
      this.client.engine.unref();
    }
    return this;
  }

  /** The changes from now on, one at a time. Leaving the loop closes the watch, unless it has other listeners. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    const loop = new Loop<T>(
      (waiting) => {
        if (waiting) this.client.engine.ref();
        else this.client.engine.unref();
      },
      () => {
        this.loops.delete(loop);
        if (this.loops.size === 0 && this.listenerCount('change') === 0) this.close();
      },
    );
    if (this.closed) {
      loop.end(undefined);
    } else {
      this.loops.add(loop);
      this.run();
    }
    return loop;
  }

  /** @internal There may be something new. */
  protected ring(): void {
    this.ringing = true;
    this.run();
  }

  private run(): void {
    if (this.running || !this.ringing || this.closed) return;
    if (this.loops.size === 0 && this.listenerCount('change') === 0) return;
    this.running = true;
    void this.deliver().finally(() => {
      this.running = false;
      this.run();
    });
  }

  private async deliver(): Promise<void> {
    this.ringing = false;
    let ok = false;
    try {
      for (let value = this.take(); value !== undefined && !this.closed; value = this.take()) {
        const pending = this.tell(value);
        if (pending.length > 0) await Promise.all(pending);
      }
      ok = true;
    } catch (error) {
      this.complain(error);
    } finally {
      if (!this.ended) this.told(ok);
    }
  }

  /** Tells everybody; throws what the first that failed threw, after all have been told. */
  private tell(value: T): PromiseLike<unknown>[] {
    const pending: PromiseLike<unknown>[] = [];
    const failed: unknown[] = [];
    // Copies: listeners come and go meanwhile, and `once` goes with its call.
    for (const listener of this.rawListeners('change')) {
      try {
        const result: unknown = Reflect.apply(listener, this, [value]);
        if (isThenable(result)) pending.push(result);
      } catch (error) {
        failed.push(error);
      }
    }
    for (const loop of [...this.loops]) pending.push(loop.push(value));
    if (failed.length > 0) {
      for (const promise of pending) void Promise.resolve(promise).catch(() => undefined);
      throw failed[0];
    }
    return pending;
  }

  private complain(error: unknown): void {
    if (this.listenerCount('error') > 0) this.emit('error', error);
    else warn(`a listener of ${this.what} failed, it is called again later: ${describe(error)}`);
  }

  /** @internal The server ended it, for good. */
  protected refuse(error: NacreError): void {
    this.error = error;
    if (this.listenerCount('error') > 0) this.emit('error', error);
    else warn(`the watch of ${this.what} has ended: ${describe(error)}`);
    for (const loop of [...this.loops]) loop.end(error);
    this.close();
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** One `for await` loop over a watch. Has at most one value; the next is taken when the loop asks for it. */
class Loop<T> implements AsyncIterableIterator<T> {
  private value: { readonly value: T; readonly dealtWith: () => void } | undefined;
  /** Fulfils the `push` of the value that the loop works on. */
  private busy: (() => void) | undefined;
  private waiter: { resolve(result: IteratorResult<T>): void; reject(error: unknown): void } | undefined;
  private over: { readonly error: unknown } | undefined;

  constructor(
    private readonly wait: (waiting: boolean) => void,
    private readonly left: () => void,
  ) {}

  push(value: T): Promise<void> {
    if (this.over !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const waiter = this.waiter;
      if (waiter === undefined) {
        this.value = { value, dealtWith: resolve };
        return;
      }
      this.waiter = undefined;
      this.wait(false);
      this.busy = resolve;
      waiter.resolve({ value, done: false });
    });
  }

  end(error: unknown): void {
    if (this.over !== undefined) return;
    this.over = { error };
    this.settle();
    const waiter = this.waiter;
    if (waiter !== undefined) {
      this.waiter = undefined;
      this.wait(false);
      void this.last().then(
        (result) => {
          waiter.resolve(result);
        },
        (reason: unknown) => {
          waiter.reject(reason);
        },
      );
    }
  }

  private settle(): void {
    this.busy?.();
    this.busy = undefined;
    this.value?.dealtWith();
    this.value = undefined;
  }

  private last(): Promise<IteratorResult<T>> {
    const error = this.over?.error;
    this.over = { error: undefined };
    if (error !== undefined) return Promise.reject(error);
    return Promise.resolve({ value: undefined, done: true });
  }

  next(): Promise<IteratorResult<T>> {
    const value = this.value;
    if (value !== undefined) {
      this.busy?.();
      this.value = undefined;
      this.busy = value.dealtWith;
      return Promise.resolve({ value: value.value, done: false });
    }
    this.busy?.();
    this.busy = undefined;
    if (this.over !== undefined) return this.last();
    if (this.waiter !== undefined) return Promise.reject(new Error('the loop waits for a value already'));
    return new Promise((resolve, reject) => {
      this.waiter = { resolve, reject };
      this.wait(true);
    });
  }

  return(): Promise<IteratorResult<T>> {
    if (this.over === undefined) {
      this.end(undefined);
      this.left();
    }
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** A watch of one subscription of the native library. */
export class NativeWatch<T> extends Watch<T> {
  private subscription: NativeSubscription | undefined;

  /** @internal */
  constructor(
    client: NativeClient,
    what: string,
    private readonly decode: (reader: Reader) => T | undefined,
    listener: Listener<T> | undefined,
    options: WatchOptions | undefined,
  ) {
    super(client, what, listener, options);
  }

  /** @internal Begins it. */
  subscribe(op: number, request: Writer): this {
    try {
      this.subscription = this.client.subscribe(op, request, () => {
        this.ring();
      });
    } catch (error) {
      this.close();
      throw error;
    }
    this.begun();
    return this;
  }

  /** @internal Begins it with a request that the server answers first. */
  async open(op: number, request: Writer, options: CallOptions | undefined): Promise<this> {
    try {
      return await this.client.submit(op, request, (answer) => this.attach(answer.key()), options);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** @internal Takes over what an answer gave. */
  attach(key: bigint): this {
    this.subscription = this.client.engine.attach(key, () => {
      this.ring();
    });
    if (this.closed) this.subscription.close();
    else this.begun();
    return this;
  }

  /** @internal */
  protected override take(): T | undefined {
    let value: Reader | undefined;
    try {
      value = this.subscription?.take();
    } catch (error) {
      this.refuse(error as NacreError);
      return undefined;
    }
    return value === undefined ? undefined : this.decode(value);
  }

  /** @internal */
  protected override told(ok: boolean): void {
    this.subscription?.done(ok);
  }

  /** @internal */
  protected override end(): void {
    this.subscription?.close();
  }
}
