// What a watch has told so far.
import { complaint, matches, shown } from './matcher.mjs';

export class Recorder {
  told = [];
  #waiting = new Set();
  #watch;

  tell(event) {
    this.told.push(event);
    for (const look of this.#waiting) look();
  }

  opened(watch) {
    this.#watch = watch;
  }

  /** Ends the watch; what it has told can still be looked at. */
  stop() {
    this.#watch?.close();
  }

  /** Gives undefined, or what is wrong. */
  async expect(expected, slack) {
    const limit = (expected.within_ms ?? 0) * slack;
    if ('last' in expected) {
      return this.#until((told) => (told.length ? complaint(expected.last, told.at(-1)) : 'no event'), limit);
    }
    if ('eventually' in expected) {
      const wanted = expected.eventually;
      const look = (told) => (told.some((event) => matches(wanted, event)) ? undefined : `none is ${shown(wanted)}`);
      return this.#until(look, limit);
    }
    if ('order' in expected) return this.#until((told) => outOfOrder(expected.order, told), limit);
    const before = this.told.length;
    const came = (told) => (told.slice(before).some((event) => matches(expected.never, event)) ? undefined : 'none');
    const complained = await this.#until(came, expected.for_ms);
    return complained === undefined ? `an event came that must not: ${shown(expected.never)}` : undefined;
  }

  #until(look, limit) {
    return new Promise((resolve) => {
      const settle = (result) => {
        clearTimeout(timer);
        this.#waiting.delete(again);
        resolve(result);
      };
      const again = () => {
        if (look(this.told) === undefined) settle(undefined);
      };
      const timer = setTimeout(() => {
        const wrong = look(this.told);
        const newest = this.told.slice(-3).map(shown).join('\n    ');
        settle(wrong === undefined ? undefined : `${wrong}\n  ${this.told.length} events, the newest:\n    ${newest}`);
      }, limit);
      this.#waiting.add(again);
      again();
    });
  }
}

/** Each event matches a step at or behind that of the event before, and the newest the last step. */
function outOfOrder(order, told) {
  let at = 0;
  for (const event of told) {
    const found = order.findIndex((step, number) => number >= at && matches(step, event));
    if (found < 0) return `out of order: ${shown(event)}`;
    at = found;
  }
  return told.length > 0 && at === order.length - 1 ? undefined : `only up to number ${at}`;
}
