// Whether a value is as a case expects it. Each function gives undefined, or where they differ.

export function shown(value) {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 400 ? text : `${text.slice(0, 400)}... (${text.length} characters)`;
}

export const matches = (expected, actual) => complaint(expected, actual) === undefined;

export function complaint(expected, actual, path = '') {
  const differs = `${path}: expected ${shown(expected)}, got ${shown(actual)}`;
  if (expected === null) return actual === null || actual === undefined ? undefined : differs;
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) return differs;
    return first(expected.entries(), ([at, item]) => complaint(item, actual[at], `${path}[${at}]`));
  }
  if (typeof expected === 'object') {
    const members = Object.entries(expected);
    if (members.some(([name]) => name.startsWith('$'))) {
      return first(members, ([name, operand]) => operator(name, operand, actual, path + name));
    }
    if (typeof actual !== 'object' || actual === null || Array.isArray(actual)) return differs;
    return first(members, ([name, item]) => complaint(item, actual[name], `${path}.${name}`));
  }
  return expected === actual ? undefined : differs;
}

function first(items, look) {
  for (const item of items) {
    const found = look(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function operator(name, operand, actual, path) {
  const list = Array.isArray(actual) ? actual : undefined;
  const holds = {
    $unordered: () => list?.length === operand.length && paired(operand, list),
    $contains: () => list !== undefined && operand.every((item) => list.some((one) => matches(item, one))),
    $each: () => list !== undefined && list.every((one) => matches(operand, one)),
    $length: () => list?.length === operand,
    $min: () => typeof actual === 'number' && actual >= operand,
    $starts_with: () => typeof actual === 'string' && actual.startsWith(operand),
    $any_of: () => operand.some((item) => matches(item, actual)),
    $all_of: () => operand.every((item) => matches(item, actual)),
    $not: () => !matches(operand, actual),
  }[name];
  if (holds === undefined) throw new Error(`${path} is no matcher`);
  return holds() ? undefined : `${path} ${shown(operand)}: got ${shown(actual)}`;
}

/** Whether each item can be paired with an element of its own. */
function paired(items, elements) {
  if (items.length === 0) return true;
  const [item, ...rest] = items;
  return elements.some(
    (element, at) => matches(item, element) && paired(rest, [...elements.slice(0, at), ...elements.slice(at + 1)]),
  );
}
