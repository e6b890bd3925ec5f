// Measures this client beside the package `nacos`, against one server, in one run. Prints a table.
//
//   NACRE_SERVER=... NACRE_HARNESS=... node bench/bench.mjs
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { startHarness, stopHarness } from '../test/support/harness.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'nacre-bench-'));

/** Runs one measurement in a process of its own and gives what it prints. */
async function measure(what, which, servers) {
  const child = spawn(process.execPath, ['--expose-gc', 'bench/measure.mjs', what, which, servers, directory], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let written = '';
  child.stdout.on('data', (data) => (written += data));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${what} ${which} ended with ${code}`);
  return JSON.parse(written);
}

const middle = (values) => [...values].sort((one, other) => one - other)[values.length >> 1];

async function repeated(times, what, which, servers) {
  const all = [];
  for (let i = 0; i < times; i++) all.push(await measure(what, which, servers));
  return Object.fromEntries(Object.keys(all[0]).map((name) => [name, middle(all.map((one) => one[name]))]));
}

function packed() {
  const out = execFileSync('npm', ['pack', '--json', '--pack-destination', directory], { cwd: root, encoding: 'utf8' });
  return statSync(join(directory, JSON.parse(out)[0].filename)).size / 1024 / 1024;
}

const rows = [];
const row = (what, ours, theirs, wanted) => rows.push(`| ${what} | ${ours} | ${theirs} | ${wanted} |`);

const scope = (await startHarness()).scope();
try {
  const servers = await scope.server();
  const calls = [await repeated(3, 'calls', 'nacre', servers), await repeated(3, 'calls', 'nacos', servers)];
  const factor = calls[0].perSecond / calls[1].perSecond;
  row('config reads/s, 256 in flight', Math.round(calls[0].perSecond), Math.round(calls[1].perSecond), `>= 3x: ${factor.toFixed(1)}x`);
  const memory = [await repeated(3, 'memory', 'nacre', servers), await repeated(3, 'memory', 'nacos', servers)];
  row('memory of the process, 100 subscriptions, MiB', memory[0].mebibytes.toFixed(1), memory[1].mebibytes.toFixed(1), 'lower');
  row('of which above an empty process, MiB', memory[0].above.toFixed(1), memory[1].above.toFixed(1), '');
  const events = await repeated(3, 'events', 'nacre', servers);
  row('service change to listener, p50 / p99 ms', `${events.p50.toFixed(2)} / ${events.p99.toFixed(2)}`, '-', '<= 5 / 20');
  const start = [await repeated(5, 'start', 'nacre', servers), await repeated(5, 'start', 'nacos', servers)];
  row('import and connect to first answer, ms', start[0].millis.toFixed(1), start[1].millis.toFixed(1), '<= 100');
  const large = await repeated(3, 'large', 'nacre', servers);
  row('longest drain, lists of 2,000 instances, ms', large.longest.toFixed(2), '-', '<= 5');
  row('package with its library, MiB packed', packed().toFixed(2), '-', '<= 6');
} finally {
  await scope.end();
  await stopHarness();
  rmSync(directory, { recursive: true, force: true });
}
const table = [
  `Node ${process.version}, ${cpus().length} processors, medians.`,
  '',
  '| | nacre-client | nacos | wanted |',
  '|---|---|---|---|',
  ...rows,
  '',
].join('\n');
console.log(table);
if (process.argv[2]) writeFileSync(process.argv[2], table);
