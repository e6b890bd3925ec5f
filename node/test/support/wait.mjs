// Waiting for conditions, with generous limits: machines are noisy.
import { setTimeout as pause } from 'node:timers/promises';

/** Waits until `look` gives something that is not undefined, null or false; failures on the way do not count. */
export async function eventually(look, limit = 20_000) {
  const deadline = Date.now() + limit;
  for (;;) {
    let failure;
    try {
      const found = await look();
      if (found !== undefined && found !== null && found !== false) return found;
    } catch (error) {
      failure = error;
    }
    if (Date.now() > deadline) throw failure ?? new Error(`not within ${limit} ms: ${look}`);
    await pause(20);
  }
}

/** Fails when a promise takes longer. */
export async function within(promise, limit = 20_000) {
  const timer = new AbortController();
  const late = pause(limit, undefined, { signal: timer.signal }).then(
    () => Promise.reject(new Error(`not within ${limit} ms`)),
    () => new Promise(() => undefined),
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}

let names = 0;

/** A name that no other test has. */
export function unique(prefix) {
  return `${prefix}-${process.pid.toString(36)}-${(++names).toString(36)}`;
}
