// The process that starts servers, proxies and stubs for tests; tests/cases/README.md describes it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const GRACE = 60_000;

class Harness {
  #process;
  #pending = new Map();
  #last = 0;
  #scopes = 0;

  static async start() {
    const path = process.env.NACRE_HARNESS;
    if (!path || !process.env.NACRE_SERVER) throw new Error('NACRE_HARNESS and NACRE_SERVER have to name programs');
    const harness = new Harness();
    harness.#process = spawn(path, ['serve'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: harness.#process.stdout });
    const [ready] = await once(lines, 'line');
    if (JSON.parse(ready).ready?.protocol !== 1) throw new Error(`not a harness of this protocol: ${ready}`);
    lines.on('line', (line) => harness.#answered(JSON.parse(line)));
    lines.on('close', () => {
      for (const { reject } of harness.#pending.values()) reject(new Error('the harness has ended'));
    });
    return harness;
  }

  #answered({ id, value, error }) {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (error === undefined) pending?.resolve(value);
    else pending?.reject(new Error(`harness: ${error}`));
  }

  ask(scope, action, args = {}, limit = 30_000) {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer to ${action}`)), limit + GRACE);
      const done = (settle) => (value) => {
        clearTimeout(timer);
        settle(value);
      };
      this.#pending.set(id, { resolve: done(resolve), reject: done(reject) });
      this.#process.stdin.write(`${JSON.stringify({ id, scope, do: action, args, limit_ms: limit })}\n`);
    });
  }

  scope() {
    return new Scope(this, `node-${process.pid}-${++this.#scopes}`);
  }

  async stop() {
    const exit = once(this.#process, 'exit');
    this.#process.stdin.end();
    await exit;
  }
}

/** What one test has of the harness. */
class Scope {
  #harness;
  #name;

  constructor(harness, name) {
    this.#harness = harness;
    this.#name = name;
  }

  ask(action, args, limit) {
    return this.#harness.ask(this.#name, action, args, limit);
  }

  /** Starts a server and gives its address. */
  async server(settings = {}, name = 'main') {
    return (await this.ask('server.start', { name, settings }, 60_000)).address;
  }

  async end() {
    await this.ask('scope.end');
  }
}

let harness;

/** The harness of this process, stopped by `stopHarness`. */
export function startHarness() {
  harness ??= Harness.start();
  return harness;
}

export async function stopHarness() {
  const started = harness;
  harness = undefined;
  await (await started)?.stop();
}
