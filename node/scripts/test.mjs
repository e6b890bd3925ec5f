// Runs the tests: all, or the files that are named. Each file is a process of its own.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const named = process.argv.slice(2);
const files = named.length > 0 ? named : readdirSync(`${root}test`).filter((file) => file.endsWith('.test.mjs'));
const { status } = spawnSync(
  process.execPath,
  ['--test', '--test-reporter=spec', '--test-timeout=120000', ...files.map((file) => (file.includes('/') ? file : `test/${file}`))],
  { cwd: root, stdio: 'inherit', env: { ...process.env, RUST_BACKTRACE: '0' } },
);
process.exitCode = status ?? 1;
