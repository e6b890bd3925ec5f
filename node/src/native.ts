/** The native library: what it offers (`bindings/napi/src/lib.rs`), and where it is found. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { LibraryError } from './errors';

/** What one environment has of the library. */
export interface NativeEngine {
  open(options: Buffer): Buffer;
  submit(client: bigint, id: number, op: number, request: Buffer, limitMillis: number): boolean;
  cancel(id: number): void;
  call(client: bigint, op: number, request: Buffer): Buffer | null;
  subscribe(client: bigint, op: number, request: Buffer): Buffer;
  arm(subscription: bigint): void;
  take(subscription: bigint): Buffer | null;
  done(subscription: bigint, ok: boolean): void;
  unsubscribe(subscription: bigint): void;
  abandon(client: bigint): void;
  poll(most: number): Buffer | null;
  logLevel(level: number): void;
  counts(): number[];
}

interface Library {
  version(): string;
  Engine: new (wake: () => void) => NativeEngine;
}

/** Of the encoding that this package speaks. */
const FORMAT = 1;
/** Full path of a library to load instead of the one that belongs to the package. */
const PATH_VARIABLE = 'NACRE_NATIVE_LIBRARY';

const load = createRequire(__filename);
const root = join(__dirname, '..');

/** Version of this package. */
export const VERSION = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;

/** Platform, processor and C library, e.g. `linux-x64-gnu`. */
export function platform(): string {
  const { platform: system, arch } = process;
  if (system === 'linux') {
    return `${system}-${arch}-${isMusl() ? 'musl' : 'gnu'}`;
  }
  return system === 'win32' ? `${system}-${arch}-msvc` : `${system}-${arch}`;
}

/** By the loader that this very process runs with: both may be installed. */
function isMusl(): boolean {
  try {
    return readFileSync('/proc/self/maps', 'latin1').includes('/ld-musl-');
  } catch {
    return existsSync(`/lib/ld-musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`);
  }
}

function places(target: string): string[] {
  const own = process.env[PATH_VARIABLE];
  if (own !== undefined && own !== '') return [own];
  return [join(root, 'native', `nacre.${target}.node`), `nacre-client-${target}`];
}

let library: Library | undefined;

/** @internal Loads the library, once. */
export function native(): Library {
  library ??= find();
  return library;
}

function find(): Library {
  const target = platform();
  const tried: string[] = [];
  for (const place of places(target)) {
    try {
      if (place.endsWith('.node') && !existsSync(place)) {
        tried.push(`${place}: there is no such file`);
        continue;
      }
      return checked(load(place) as Library, place);
    } catch (error) {
      if (error instanceof LibraryError) throw error;
      const text = error instanceof Error ? error.message.split('\n')[0] : String(error);
      tried.push(`${place}: ${text}`);
    }
  }
  const cure = process.env[PATH_VARIABLE]
    ? `Correct or unset ${PATH_VARIABLE}.`
    : `Install it with "npm install nacre-client-${target}@${VERSION}", or remove node_modules and the lock file ` +
      'and install again without --omit=optional: a lock file made on another platform may lack it.';
  throw new LibraryError(
    `no native library of nacre-client ${VERSION} for ${target} (Node ${process.version}). Tried:\n` +
      tried.map((line) => `  ${line}\n`).join('') +
      cure,
  );
}

function checked(found: Library, place: string): Library {
  const expected = `${VERSION}/${FORMAT}`;
  const version = typeof found.version === 'function' ? found.version() : 'unknown';
  if (version !== expected) {
    throw new LibraryError(
      `${place} is version ${version}, nacre-client needs ${expected}. Install packages of the same version: ` +
        `"npm install nacre-client@${VERSION}".`,
    );
  }
  return found;
}
