/** Checks of types, before anything crosses to the native library. What names and values may be is the engine's to say. */

function shown(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}

function wrong(name: string, wanted: string, value: unknown): TypeError {
  return new TypeError(`${name} must be ${wanted}, not ${shown(value)}`);
}

export function text(value: unknown, name: string): string {
  if (typeof value !== 'string') throw wrong(name, 'a string', value);
  return value;
}

export function flag(value: unknown, name: string): boolean {
  if (typeof value !== 'boolean') throw wrong(name, 'a boolean', value);
  return value;
}

export function number(value: unknown, name: string): number {
  if (typeof value !== 'number') throw wrong(name, 'a number', value);
  if (!Number.isFinite(value)) throw new RangeError(`${name} must be a finite number, not ${String(value)}`);
  return value;
}

export function integer(value: unknown, name: string, least: number, most: number): number {
  const whole = number(value, name);
  if (!Number.isInteger(whole) || whole < least || whole > most) {
    throw new RangeError(`${name} must be a whole number from ${least} to ${most}, not ${whole}`);
  }
  return whole;
}

/** Milliseconds. */
export function millis(value: unknown, name: string): number {
  const time = number(value, name);
  if (time <= 0 || time > 0x7fff_ffff) throw new RangeError(`${name} must be above 0 milliseconds`);
  return Math.ceil(time);
}

export function port(value: unknown, name: string): number {
  return integer(value, name, 0, 65_535);
}

export function object(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(name, 'an object', value);
  return value as Record<string, unknown>;
}

export function texts(value: unknown, name: string): readonly string[] {
  if (!Array.isArray(value)) throw wrong(name, 'an array of strings', value);
  for (const item of value) text(item, `an element of ${name}`);
  return value as string[];
}

export function map(value: unknown, name: string): Readonly<Record<string, string>> {
  for (const [key, item] of Object.entries(object(value, name))) text(item, `${name}.${key}`);
  return value as Record<string, string>;
}

export function listener<T>(value: T, name: string): T {
  if (typeof value !== 'function') throw wrong(name, 'a function', value);
  return value;
}
