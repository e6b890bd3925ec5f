/** Locks, on servers from 3.0 on. */
import * as check from './check';
import type { CallOptions, NativeClient } from './engine';
import { Op } from './op';
import { Writer } from './wire';

/** What `acquire` accepts. */
export interface LockOptions extends CallOptions {
  /** How long the lock is held at most, in milliseconds. Default the server's. */
  readonly lease?: number | undefined;
}

/** Locks that clients of a server share. Had from `client.lock`. */
export class LockClient {
  /** @internal */
  constructor(private readonly client: NativeClient) {}

  /**
   * Takes a lock if it is free. Does not wait for it.
   *
   * @param name of the lock
   * @param options lease, a signal, a deadline
   * @returns whether it was taken
   */
  async acquire(name: string, options?: LockOptions): Promise<boolean> {
    return this.ask(Op.acquire, name, options);
  }

  /**
   * Gives a lock back.
   *
   * @param name of the lock
   * @param options a signal, a deadline
   * @returns whether it was given back
   */
  async release(name: string, options?: LockOptions): Promise<boolean> {
    return this.ask(Op.release, name, options);
  }

  private async ask(op: number, name: string, options: LockOptions | undefined): Promise<boolean> {
    const lease = options?.lease;
    const request = new Writer()
      .string(check.text(name, 'name'))
      .optional(lease, (writer, time) => writer.number(check.integer(time, 'lease', 0, Number.MAX_SAFE_INTEGER)));
    return this.client.submit(op, request, (answer) => answer.bool(), options);
  }
}
