// Names that scripts and tests find without an import.
const names = [
  'AbortController',
  'AbortSignal',
  'Buffer',
  'Request',
  'URL',
  'clearInterval',
  'clearTimeout',
  'console',
  'fetch',
  'globalThis',
  'performance',
  'process',
  'queueMicrotask',
  'require',
  'module',
  '__dirname',
  'setImmediate',
  'setInterval',
  'setTimeout',
  'structuredClone',
];

export default Object.fromEntries(names.map((name) => [name, 'readonly']));
