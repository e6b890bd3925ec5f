// Runs one case.
import { setTimeout as pause } from 'node:timers/promises';

import * as expander from './expander.mjs';
import { startHarness } from './harness.mjs';
import { complaint, shown } from './matcher.mjs';
import { failureOf, perform } from './operations.mjs';
import { Recorder } from './recorder.mjs';
import { within } from './wait.mjs';

/** Limits of waiting are for a machine that does nothing else; this many times as long is granted. */
const SLACK = Number(process.env.NACRE_SLACK ?? 2);
const AGAIN = 40;

let runs = 0;

export class Stage {
  clients = new Map();
  run = `n${process.pid.toString(36)}${(++runs).toString(36)}`;
  #variables = new Map();
  #watches = new Map();
  #background = new Map();
  #ended = new AbortController();
  #scope;

  /** Plays a case, then ends all that it has made. */
  static async play(test, sharedServer) {
    const stage = new Stage();
    stage.#scope = (await startHarness()).scope();
    try {
      await stage.#play(test, sharedServer);
    } finally {
      await stage.#close();
    }
  }

  variable = (name) => {
    const value = this.#variables.get(name);
    if (value === undefined) throw new Error(`no variable ${name}`);
    return value;
  };

  async #play(test, sharedServer) {
    const { dir } = await this.#scope.ask('scope.begin');
    let server = sharedServer;
    if (typeof test.server === 'object') server = await this.#scope.server(test.server.own);
    else if (test.server === 'none') server = null;
    this.#variables.set('run', this.run);
    this.#variables.set('namespace', `case-${this.run}`);
    this.#variables.set('dir', dir);
    this.#variables.set('server', server);
    this.#variables.set('server_port', server?.split(':').at(-1) ?? '');
    await within(this.#steps(test), test.limit_ms * SLACK);
  }

  async #steps(test) {
    for (const step of test.before ?? []) await this.#step(step);
    for (const [name, options] of Object.entries(test.clients ?? {})) {
      await perform(this, 'client.connect', name, { options: this.#expanded(options) });
    }
    for (const step of test.steps) {
      try {
        await this.#step(step);
      } catch (error) {
        throw new Error(`${shown(step)}\n  ${error.message}`, { cause: error });
      }
    }
  }

  /** Ends what runs before the servers go, so that nothing complains about them. */
  async #close() {
    this.#ended.abort(new Error('the case is over'));
    for (const recorder of this.#watches.values()) recorder.stop();
    await Promise.allSettled([...this.clients.values()].map((client) => client.close()));
    await Promise.allSettled(this.#background.values());
    await this.#scope.end();
  }

  async #step(step) {
    if ('op' in step) {
      if (step.background) this.#start(step.background, this.#once(step));
      else await this.#call(step);
    } else if ('do' in step) {
      const errand = this.#errand(step);
      if (step.background) this.#start(step.background, errand.then((value) => ({ value })));
      else await errand;
    } else if ('await' in step) {
      const outcome = await this.#background.get(step.await);
      this.#background.delete(step.await);
      this.#judge(step.expect, outcome);
    } else if ('race' in step) {
      await this.#race(step.race, step.expect);
    } else if ('events' in step) {
      const wrong = await this.#watches.get(step.events).expect(this.#expected(step.expect), SLACK);
      if (wrong !== undefined) throw new Error(wrong);
    } else {
      this.#watches.get(step.stop).stop();
    }
  }

  #start(name, running) {
    // A failure is looked at by `await`, or by nobody.
    running.catch(() => undefined);
    this.#background.set(name, running);
  }

  async #errand(step) {
    const value = await this.#scope.ask(step.do, this.#expanded(step.args ?? {}), step.limit_ms ?? 30_000);
    this.#keep(step, value);
    this.#judge(step.expect, { value });
    return value;
  }

  async #call(call) {
    const expect = call.expect ?? {};
    if (!('eventually' in expect) && !('eventually_error' in expect)) {
      this.#judge(call.expect, await this.#once(call));
      return;
    }
    const deadline = performance.now() + expect.within_ms * SLACK;
    for (;;) {
      const wrong = this.#complaint(expect, await this.#once(call));
      if (wrong === undefined) return;
      if (performance.now() > deadline) throw new Error(wrong);
      await pause(AGAIN, undefined, { signal: this.#ended.signal });
    }
  }

  #complaint(expect, outcome) {
    if ('eventually_error' in expect) {
      const wanted = expect.eventually_error;
      return isFailure(outcome, wanted) ? undefined : `expected ${shown(wanted)}, got ${told(outcome)}`;
    }
    return outcome.failure ? told(outcome) : complaint(this.#expected(expect.eventually), outcome.value);
  }

  async #race(calls, expect) {
    const outcomes = await Promise.all(calls.map((call) => this.#once(call)));
    const failed = outcomes.filter((outcome) => outcome.failure);
    for (const outcome of failed) {
      if (!expect.error || !isFailure(outcome, expect.error)) {
        throw new Error(`expected ${shown(expect)}, got ${told(outcome)}`);
      }
    }
    const succeeded = outcomes.length - failed.length;
    if (succeeded !== expect.succeed) throw new Error(`${succeeded} of ${calls.length} succeeded`);
  }

  /** Calls, as often as `times` says. */
  async #once(call) {
    const args = expander.texts(this.#expanded(call.args ?? {}));
    const begun = performance.now();
    const values = [];
    let outcome;
    for (let left = call.times ?? 1; left > 0 && outcome === undefined; left--) {
      const recorder = new Recorder();
      try {
        values.push(await perform(this, call.op, call.on, args, recorder));
        if (call.as) this.#watches.set(call.as, recorder);
      } catch (error) {
        const failure = failureOf(error);
        if (failure === undefined) throw error;
        outcome = { failure };
      }
    }
    if (outcome === undefined) {
      outcome = { value: call.times === undefined ? values[0] : values };
      this.#keep(call, outcome.value);
    }
    const took = performance.now() - begun;
    if (call.within_ms !== undefined && took > call.within_ms * SLACK) {
      throw new Error(`took ${took} ms, not ${call.within_ms}`);
    }
    return outcome;
  }

  #judge(expect, outcome) {
    if (expect && 'any' in expect) return;
    if (expect && 'error' in expect) {
      if (!isFailure(outcome, expect.error)) throw new Error(`expected ${shown(expect)}, got ${told(outcome)}`);
      return;
    }
    if (outcome.failure) throw new Error(told(outcome), { cause: outcome.failure.error });
    if (expect) {
      const wrong = complaint(this.#expected(expect.value), outcome.value);
      if (wrong !== undefined) throw new Error(wrong);
    }
  }

  #keep(step, value) {
    if (step.save) this.#variables.set(step.save, value ?? null);
  }

  #expanded(value) {
    return expander.variables(value, this.#variables);
  }

  #expected(value) {
    return expander.texts(this.#expanded(value));
  }
}

const isFailure = ({ failure }, wanted) =>
  failure !== undefined && ['kind', 'code', 'retryable'].every((name) => !(name in wanted) || wanted[name] === failure[name]);

function told({ failure, value }) {
  if (failure === undefined) return shown(value);
  return `error ${failure.kind} ${failure.code}${failure.retryable ? ', retryable' : ''}: ${failure.error.message}`;
}
