// The behaviour cases of tests/cases. NACRE_CASES holds parts of names, separated by commas: only these run. That each
// file fits the schema is the Rust runner's to check.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startHarness, stopHarness } from './support/harness.mjs';
import { Stage } from './support/stage.mjs';

/** What this client can do beyond the common: everything. */
const CAPABILITIES = [
  'balancers',
  'baseline',
  'batch',
  'client_metrics',
  'failover',
  'fuzzy_watch',
  'gray',
  'lazy_connect',
  'lock',
  'login',
  'maintenance',
  'naming_cache',
  'persistent',
  'pool',
  'reopen',
  'snapshots',
  'watch_services',
];

const folder = fileURLToPath(new URL('../../tests/cases', import.meta.url));
const parts = (process.env.NACRE_CASES ?? '').split(',');
const concurrency = 4 * (availableParallelism?.() ?? cpus().length);

const cases = ['client', 'config', 'naming']
  .flatMap((area) => readdirSync(join(folder, area)).map((file) => `${area}/${file}`))
  .filter((file) => file.endsWith('.json'))
  .map((file) => ({
    name: file.replace('.json', ''),
    test: JSON.parse(readFileSync(join(folder, file), 'utf8')),
  }))
  .filter(({ name }) => parts.some((part) => name.includes(part)))
  .sort((one, other) => (one.name < other.name ? -1 : 1));

it('names the capabilities of the schema', () => {
  const schema = JSON.parse(readFileSync(join(folder, 'schema.json'), 'utf8'));
  assert.deepEqual([...schema.$defs.capability.enum].sort(), CAPABILITIES);
});

it('finds cases', () => assert.notEqual(cases.length, 0, `no case has one of ${parts} in its name`));

describe('cases', { concurrency }, () => {
  let shared;
  let server;
  const skipped = [];

  before(async () => {
    shared = (await startHarness()).scope();
    server = await shared.server();
  });

  after(async () => {
    await shared.end();
    await stopHarness();
    console.log(skipped.length === 0 ? `all ${cases.length} cases ran` : `cases skipped:\n${skipped.join('\n')}`);
  });

  for (const { name, test } of cases) {
    it(name, async (context) => {
      const missing = (test.requires ?? []).filter((capability) => !CAPABILITIES.includes(capability));
      if (missing.length > 0) {
        const reason = `the client has no ${missing.join(', ')}`;
        skipped.push(`| ${name} | ${reason} |`);
        context.skip(reason);
        return;
      }
      await Stage.play(test, server);
    });
  }
});
