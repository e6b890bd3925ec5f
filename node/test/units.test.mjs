// What needs no server.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';

import * as nacre from 'nacre-client';

const require = createRequire(import.meta.url);
const { Reader, Writer } = require('../dist/wire.js');
const { encode } = require('../dist/options.js');
const { readError } = require('../dist/errors.js');
const { difference, clusterNames } = require('../dist/services.js');
const { view } = require('../dist/balancer.js');
const { Op } = require('../dist/op.js');

const instance = (ip, more = {}) => ({
  ip,
  port: 80,
  weight: 1,
  healthy: true,
  enabled: true,
  ephemeral: true,
  cluster: 'DEFAULT',
  metadata: {},
  ...more,
});

describe('the encoding', () => {
  it('reads what it writes', () => {
    const long = 'ä'.repeat(70_000);
    const writer = new Writer()
      .u8(7)
      .bool(true)
      .i32(-2)
      .number(-5_000_000_000)
      .key(2n ** 64n - 1n)
      .f64(0.25)
      .string(long)
      .string('')
      .optionalString(undefined)
      .optionalString('x')
      .strings(['a', 'b'])
      .map({ k: 'v', __proto__: null, ['__proto__']: 'odd' });
    const reader = new Reader(writer.toBytes());
    assert.equal(reader.u8(), 7);
    assert.equal(reader.bool(), true);
    assert.equal(reader.i32(), -2);
    assert.equal(reader.number(), -5_000_000_000);
    assert.equal(reader.key(), 2n ** 64n - 1n);
    assert.equal(reader.f64(), 0.25);
    assert.equal(reader.string(), long);
    assert.equal(reader.string(), '');
    assert.equal(reader.optionalString(), undefined);
    assert.equal(reader.optionalString(), 'x');
    assert.deepEqual(reader.strings(), ['a', 'b']);
    assert.deepEqual(Object.entries(reader.map()), [['k', 'v'], ['__proto__', 'odd']]);
    assert.ok(reader.isAtEnd);
    assert.throws(() => reader.u8(), RangeError);
  });

  it('grows at every kind of value', () => {
    const kinds = {
      u8: 1,
      i32: 2,
      number: 3,
      key: 4n,
      f64: 5,
      string: 'six',
    };
    for (let before = 240; before <= 260; before++) {
      for (const [kind, value] of Object.entries(kinds)) {
        const writer = new Writer();
        for (let i = 0; i < before; i++) writer.u8(0);
        const reader = new Reader(writer[kind](value).toBytes());
        for (let i = 0; i < before; i++) reader.u8();
        assert.equal(reader[kind](), value, `${kind} behind ${before} bytes`);
      }
    }
  });

  it('has the numbers of the engine', async () => {
    const { readFile } = await import('node:fs/promises');
    const source = await readFile(new URL('../../bindings/common/src/op.rs', import.meta.url), 'utf8');
    const theirs = Object.fromEntries(
      [...source.matchAll(/^ {4}(\w+) = (\d+),/gm)].map(([, name, number]) => [
        name[0].toLowerCase() + name.slice(1),
        Number(number),
      ]),
    );
    for (const [name, number] of Object.entries(Op)) assert.equal(number, theirs[name], name);
  });
});

describe('options', () => {
  const refused = (options, pattern) => assert.throws(() => encode(options), pattern);

  it('are refused before anything crosses', () => {
    refused(null, TypeError);
    refused({ server: 'a' }, /no option "server"/);
    refused({ naming: { polls: true } }, /no option "naming.polls"/);
    refused({ toString: 'x' }, /no option "toString"/);
    refused({ login: { user: 'x', password: 'y' } }, /no option "user"/);
    refused({ retries: '3' }, /retries must be a number, not a value of type string/);
    refused({ retries: 1.5 }, RangeError);
    refused({ requestTimeout: 0 }, /requestTimeout must be above 0/);
    refused({ defaultPort: 70_000 }, RangeError);
    refused({ labels: { a: 1 } }, /labels.a must be a string/);
    refused({ servers: ['a', 1] }, TypeError);
    refused({ servers: 'a', endpoint: { host: 'b' } }, /exclude/);
    refused({ tls: { roots: 'none' } }, TypeError);
  });

  it('reach the engine, every one of them', () => {
    const client = new nacre.NacreClient({
      servers: ['127.0.0.1:1', '127.0.0.1:2'],
      defaultPort: 1,
      grpcPortOffset: 2,
      contextPath: 'x',
      namespace: 'dev',
      appName: 'app',
      labels: { a: 'b' },
      appLabels: { c: 'd' },
      clientVersion: 'v',
      clientIp: '10.0.0.1',
      login: { username: 'u', password: 'p' },
      keys: { accessKey: 'a', secretKey: 's', securityToken: 't', region: 'r' },
      temporaryKeys: { url: 'http://127.0.0.1:1/keys', refreshBeforeEnd: 5, keep: false, region: 'r' },
      tls: { roots: 'any', serverName: 'n', http: true },
      requestTimeout: 1000,
      retries: 0,
      connectTimeout: 100,
      serverCheckTimeout: 100,
      abilityTimeout: 100,
      keepAlive: 100,
      healthCheckTimeout: 100,
      healthCheckRetries: 0,
      httpTimeout: 100,
      maxMessageSize: 1_000_000,
      randomStart: false,
      pool: 'units',
      naming: {
        requestTimeout: 1,
        loadCacheAtStart: false,
        cacheFolder: 'x',
        pushEmptyProtection: true,
        poll: true,
        failoverRefresh: 1000,
        servicesRefresh: 1000,
      },
      config: {
        requestTimeout: 1,
        appKey: 'k',
        snapshots: false,
        environmentName: 'e',
        fullSync: 1000,
        listensPerRequest: 1,
        failoverRefresh: 1000,
        maxContent: 1,
      },
    });
    assert.equal(client.namespace, 'dev');
    assert.deepEqual(client.servers, ['127.0.0.1:1', '127.0.0.1:2']);
    return client.close();
  });

  it('that the engine refuses are errors of this package', () => {
    assert.throws(() => new nacre.NacreClient({ namespace: 'a b' }), {
      name: 'InvalidParameterError',
      kind: 'invalid_parameter',
      code: 400,
      retryable: false,
    });
  });
});

describe('errors', () => {
  it('have a class for each kind of the engine', () => {
    const classes = [
      nacre.InvalidParameterError,
      nacre.NotFoundError,
      nacre.ForbiddenError,
      nacre.ConflictError,
      nacre.UnreachableError,
      nacre.RequestTimeoutError,
      nacre.RefusedError,
      nacre.UnsupportedError,
      nacre.ClientClosedError,
      nacre.OverLimitError,
      nacre.InternalError,
    ];
    for (const [at, Class] of classes.entries()) {
      const bytes = new Writer().u8(at + 1).i32(-1 - at).bool(at % 2 === 0).string('why').toBytes();
      const error = readError(new Reader(bytes));
      assert.equal(error.constructor, Class);
      assert.ok(error instanceof nacre.NacreError && error instanceof Error);
      assert.deepEqual([error.code, error.retryable, error.message], [-1 - at, at % 2 === 0, 'why']);
      assert.equal(error.name, Class.name);
    }
    const unknown = readError(new Reader(new Writer().u8(200).i32(1).bool(true).string('new').toBytes()));
    assert.equal(unknown.kind, 'internal');
  });
});

describe('lists', () => {
  it('differ by address, whatever the order', () => {
    const before = [instance('a'), instance('b'), instance('c', { cluster: 'x' }), instance('c')];
    const after = [instance('c'), instance('c', { cluster: 'x' }), instance('d'), instance('a', { weight: 2 })];
    const { added, removed, modified } = difference(before, after);
    assert.deepEqual([added, removed, modified].map((list) => list.map(({ ip }) => ip)), [['d'], ['b'], ['a']]);
    const nothing = difference(before, [...before].reverse());
    assert.deepEqual(nothing, { added: [], removed: [], modified: [] });
    const metadata = difference([instance('a', { metadata: { k: 'v' } })], [instance('a', { metadata: { k: 'w' } })]);
    assert.equal(metadata.modified.length, 1);
  });

  it('are seen by cluster and health', () => {
    const snapshot = {
      instances: [
        instance('a'),
        instance('b', { healthy: false }),
        instance('c', { enabled: false }),
        instance('d', { cluster: 'x' }),
      ],
    };
    const seen = (clusters, healthy) => view(snapshot, clusterNames(clusters), healthy).instances.map(({ ip }) => ip);
    assert.deepEqual(seen([], undefined), ['a', 'b', 'c', 'd']);
    assert.deepEqual(seen([], true), ['a', 'd']);
    assert.deepEqual(seen([], false), ['b']);
    assert.deepEqual(seen(['x, y'], true), ['d']);
    assert.equal(view(snapshot, [], true), view(snapshot, [], true), 'a view is made once');
  });

  it('are drawn from by weight', () => {
    const instances = [instance('a', { weight: 1 }), instance('b', { weight: 3 }), instance('c', { weight: 0 })];
    const candidates = view({ instances }, [], undefined);
    const counts = { a: 0, b: 0, c: 0 };
    for (let i = 0; i < 20_000; i++) counts[candidates.weighted().ip]++;
    assert.equal(counts.c, 0);
    assert.ok(counts.b > 2.6 * counts.a && counts.b < 3.4 * counts.a, JSON.stringify(counts));
    assert.equal(view({ instances: [] }, [], true).weighted(), undefined);
  });
});

describe('addresses', () => {
  it('fit into URLs', () => {
    assert.equal(nacre.addressOf({ ip: '10.0.0.1', port: 80 }), '10.0.0.1:80');
    assert.equal(nacre.addressOf({ ip: 'fe80::1', port: 80 }), '[fe80::1]:80');
  });
});
