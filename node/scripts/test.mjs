// Runs the tests: all, or the files that are named. Each file is a process of its own.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const named = process.argv.slice(2);
const files = named.length > 0 ? named : readdirSync(`${root}test`).filter((file) => file.endsWith('.test.mjs'));
// Node 18 does not know the limit: there the caller's has to do.
const limit = Number(process.versions.node.split('.')[0]) >= 20 ? ['--test-timeout=120000'] : [];
const { status } = spawnSync(
  process.execPath,
  ['--test', '--test-reporter=spec', ...limit, ...files.map((file) => (file.includes('/') ? file : `test/${file}`))],
  { cwd: root, stdio: 'inherit', env: { ...process.env, RUST_BACKTRACE: '0' } },
);
process.exitCode = status ?? 1;
