// Replaces variables and generated texts.
import { createHash } from 'node:crypto';

function mapped(value, change) {
  if (Array.isArray(value)) return value.map(change);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, change(member)]));
  }
  return value;
}

export function variables(value, known) {
  if (typeof value !== 'string') return mapped(value, (member) => variables(member, known));
  const whole = /^\$\{([^}]*)\}$/.exec(value);
  if (whole) return lookUp(whole[1], known);
  return value.replace(/\$\{([^}]*)\}/g, (_, name) => {
    const found = lookUp(name, known);
    return typeof found === 'string' ? found : JSON.stringify(found);
  });
}

function lookUp(name, known) {
  const [first, ...rest] = name.split('.');
  const found = rest.reduce((value, member) => value?.[member], known.get(first));
  if (found === undefined) throw new Error(`no variable ${name}`);
  return found;
}

/** Replaces `repeat`, `base64` and `md5` at any depth. */
export function texts(value) {
  const names = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  if (names.length === 2 && 'repeat' in value && 'times' in value) return texts(value.repeat).repeat(value.times);
  if (names.length === 1 && 'base64' in value) return Buffer.from(value.base64, 'base64').toString('utf8');
  // A config's value has a member of this name as well, but never alone and with a text that is an md5.
  if (names.length === 1 && 'md5' in value && !/^[0-9a-f]{32}$/.test(value.md5)) {
    return createHash('md5').update(texts(value.md5)).digest('hex');
  }
  return mapped(value, texts);
}
