/** Options of a client and their encoding; `bindings/common/src/options.rs` describes it. */
import * as check from './check';
import { Writer } from './wire';

/** An address server, which says where the servers are. */
export interface Endpoint {
  /** Its host. */
  readonly host: string;
  /** Its port. Default 8080. */
  readonly port?: number | undefined;
  /** Path before the list. Default that of the client. */
  readonly contextPath?: string | undefined;
  /** Name of the list. Default `serverlist`. */
  readonly list?: string | undefined;
  /** Query of the request. Default none. */
  readonly query?: string | undefined;
  /** How often it is asked, in milliseconds. Default 30,000. */
  readonly refresh?: number | undefined;
}

/** User name and password. */
export interface Login {
  /** The user. */
  readonly username: string;
  /** The password. */
  readonly password: string;
}

/** Access keys. */
export interface Keys {
  /** The id of the key. */
  readonly accessKey: string;
  /** The secret. */
  readonly secretKey: string;
  /** With temporary keys. */
  readonly securityToken?: string | undefined;
  /** For signatures of version 4. */
  readonly region?: string | undefined;
}

/** Access keys that are fetched, and again before they end. */
export interface TemporaryKeys {
  /** Where they are fetched. */
  readonly url: string;
  /** How long before their end they are fetched again, in milliseconds. Default 180,000. */
  readonly refreshBeforeEnd?: number | undefined;
  /** Whether they are kept until then. Default true. */
  readonly keep?: boolean | undefined;
  /** For signatures of version 4. */
  readonly region?: string | undefined;
}

/** Certificates to trust. */
export interface RootsFile {
  /** A file in PEM. */
  readonly file: string;
}

/** What a client proves itself with. */
export interface Identity {
  /** Its certificate chain, a file in PEM. */
  readonly certificates: string;
  /** Its key, a file in PEM. */
  readonly key: string;
  /** Of an encrypted key. */
  readonly password?: string | undefined;
}

/** Encryption of connections. */
export interface Tls {
  /** Whom to trust: `public` roots (the default), `any` server (unsafe), or the certificates of a file. */
  readonly roots?: 'public' | 'any' | RootsFile | undefined;
  /** Certificate chain and key of this client. */
  readonly identity?: Identity | undefined;
  /** The name that the server's certificate must have. Default its host. */
  readonly serverName?: string | undefined;
  /** Whether requests over HTTP are encrypted too. Default false. */
  readonly http?: boolean | undefined;
}

/** Options of naming. Times are milliseconds. */
export interface NamingOptions {
  /** Deadline of a call. Default that of the client. */
  readonly requestTimeout?: number | undefined;
  /** Whether lists of the local cache are there from the start. Default true. */
  readonly loadCacheAtStart?: boolean | undefined;
  /** Folder of the cache below the directory, as Nacos names it in `namingCacheRegistryDir`. */
  readonly cacheFolder?: string | undefined;
  /** Whether an empty list of a server is ignored. Default false. */
  readonly pushEmptyProtection?: boolean | undefined;
  /** Whether lists are also asked for now and then. Default false. */
  readonly poll?: boolean | undefined;
  /** How often failover files are looked at. Default 5,000. */
  readonly failoverRefresh?: number | undefined;
  /** How often names of services are asked for where the server does not tell. Default 10,000. */
  readonly servicesRefresh?: number | undefined;
}

/** Options of config. Times are milliseconds. */
export interface ConfigOptions {
  /** Deadline of a call. Default that of the client. */
  readonly requestTimeout?: number | undefined;
  /** Sent with each request. */
  readonly appKey?: string | undefined;
  /** Whether what was read is kept in local files. Default true. */
  readonly snapshots?: boolean | undefined;
  /** Folder of those files. Default made of the servers. */
  readonly environmentName?: string | undefined;
  /** How often everything is compared with the server. Default 180,000. */
  readonly fullSync?: number | undefined;
  /** Configs in one request to listen. Default 3,000. */
  readonly listensPerRequest?: number | undefined;
  /** How often failover files are looked at. Default 5,000. */
  readonly failoverRefresh?: number | undefined;
  /** Longest content to publish, in bytes. Default 10 MiB. */
  readonly maxContent?: number | undefined;
}

/** Options of a client. Times are milliseconds. What is not said has the engine's default. */
export interface ClientOptions {
  /** `host:port` of the servers, as a list or separated by commas. Default `127.0.0.1:8848`. */
  readonly servers?: string | readonly string[] | undefined;
  /** An address server, in place of `servers`. */
  readonly endpoint?: Endpoint | undefined;
  /** Port of servers that name none. Default 8848. */
  readonly defaultPort?: number | undefined;
  /** What is added to the port for gRPC. Default 1000. */
  readonly grpcPortOffset?: number | undefined;
  /** Path of the servers' HTTP. Default `nacos`. */
  readonly contextPath?: string | undefined;
  /** Id of the namespace. Default `public`. */
  readonly namespace?: string | undefined;
  /** Name of the application. */
  readonly appName?: string | undefined;
  /** Labels of the connection. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Labels of the application. */
  readonly appLabels?: Readonly<Record<string, string>> | undefined;
  /** What the server is told as the client's version. */
  readonly clientVersion?: string | undefined;
  /** What the server is told as the client's address. */
  readonly clientIp?: string | undefined;
  /** User name and password. */
  readonly login?: Login | undefined;
  /** Access keys. */
  readonly keys?: Keys | undefined;
  /** Access keys that are fetched. */
  readonly temporaryKeys?: TemporaryKeys | undefined;
  /** Encryption. Default none. */
  readonly tls?: Tls | undefined;
  /** Deadline of a call. Default 3,000. */
  readonly requestTimeout?: number | undefined;
  /** How often a failed request is tried again within its deadline. Default 3. */
  readonly retries?: number | undefined;
  /** Limit of connecting. Default 3,000. */
  readonly connectTimeout?: number | undefined;
  /** Limit of the first request of a connection. Default 3,000. */
  readonly serverCheckTimeout?: number | undefined;
  /** Limit of waiting for the abilities of a server. Default 5,000. */
  readonly abilityTimeout?: number | undefined;
  /** After this time of silence the connection is checked. Default 5,000. */
  readonly keepAlive?: number | undefined;
  /** Limit of that check. Default 3,000. */
  readonly healthCheckTimeout?: number | undefined;
  /** How often it is tried again. Default 1. */
  readonly healthCheckRetries?: number | undefined;
  /** Limit of a request over HTTP. Default 3,000. */
  readonly httpTimeout?: number | undefined;
  /** Largest message in bytes. Default 10 MiB. */
  readonly maxMessageSize?: number | undefined;
  /** Whether it begins with any of the servers, not with the first. Default true. */
  readonly randomStart?: boolean | undefined;
  /** Directory of local files. Default none: nothing is kept. */
  readonly directory?: string | undefined;
  /** Clients of this thread with the same name share connections. */
  readonly pool?: string | undefined;
  /** Naming. */
  readonly naming?: NamingOptions | undefined;
  /** Config. */
  readonly config?: ConfigOptions | undefined;
}

/** Writes one option. */
type Put = (writer: Writer, value: unknown, name: string) => unknown;

const text: Put = (writer, value, name) => writer.string(check.text(value, name));
const flag: Put = (writer, value, name) => writer.bool(check.flag(value, name));
const time: Put = (writer, value, name) => writer.number(check.millis(value, name));
const port: Put = (writer, value, name) => writer.i32(check.port(value, name));
const map: Put = (writer, value, name) => writer.map(check.map(value, name));
const above =
  (least: number): Put =>
  (writer, value, name) =>
    writer.i32(check.integer(value, name, least, 0x7fff_ffff));

type Table = Readonly<Record<string, readonly [tag: number, put: Put]>>;

const NAMING: Table = {
  requestTimeout: [40, time],
  loadCacheAtStart: [41, flag],
  cacheFolder: [42, text],
  pushEmptyProtection: [43, flag],
  poll: [44, flag],
  failoverRefresh: [45, time],
  servicesRefresh: [46, time],
};

const CONFIG: Table = {
  requestTimeout: [60, time],
  appKey: [61, text],
  snapshots: [62, flag],
  environmentName: [63, text],
  fullSync: [64, time],
  listensPerRequest: [65, above(1)],
  failoverRefresh: [66, time],
  maxContent: [67, above(1)],
};

const GENERAL: Table = {
  servers: [1, servers],
  endpoint: [2, endpoint],
  defaultPort: [3, port],
  grpcPortOffset: [4, port],
  contextPath: [5, text],
  namespace: [6, text],
  appName: [7, text],
  labels: [8, map],
  appLabels: [9, map],
  clientVersion: [10, text],
  clientIp: [11, text],
  login: [12, login],
  keys: [13, keys],
  tls: [14, tls],
  requestTimeout: [15, time],
  retries: [16, above(0)],
  connectTimeout: [17, time],
  serverCheckTimeout: [18, time],
  abilityTimeout: [19, time],
  keepAlive: [20, time],
  healthCheckTimeout: [21, time],
  healthCheckRetries: [22, above(0)],
  httpTimeout: [23, time],
  maxMessageSize: [24, above(1)],
  randomStart: [25, flag],
  directory: [26, text],
  pool: [27, text],
  temporaryKeys: [28, temporaryKeys],
};

/** The values of an object that has no other members than these. */
function members(value: unknown, name: string, known: readonly string[]): Record<string, unknown> {
  const object = check.object(value, name);
  for (const key of Object.keys(object)) {
    if (!known.includes(key)) throw new TypeError(`${name} has no option "${key}"`);
  }
  return object;
}

function optionalText(writer: Writer, value: unknown, name: string): void {
  writer.optionalString(value === undefined ? undefined : check.text(value, name));
}

function servers(writer: Writer, value: unknown, name: string): void {
  writer.strings(typeof value === 'string' ? [value] : check.texts(value, name));
}

function endpoint(writer: Writer, value: unknown, name: string): void {
  const all = members(value, name, ['host', 'port', 'contextPath', 'list', 'query', 'refresh']);
  writer.string(check.text(all['host'], `${name}.host`)).i32(check.port(all['port'] ?? 8080, `${name}.port`));
  optionalText(writer, all['contextPath'], `${name}.contextPath`);
  writer
    .string(check.text(all['list'] ?? 'serverlist', `${name}.list`))
    .string(check.text(all['query'] ?? '', `${name}.query`))
    .number(check.millis(all['refresh'] ?? 30_000, `${name}.refresh`));
}

function login(writer: Writer, value: unknown, name: string): void {
  const all = members(value, name, ['username', 'password']);
  writer.string(check.text(all['username'], `${name}.username`)).string(check.text(all['password'], `${name}.password`));
}

function keys(writer: Writer, value: unknown, name: string): void {
  const all = members(value, name, ['accessKey', 'secretKey', 'securityToken', 'region']);
  writer
    .string(check.text(all['accessKey'], `${name}.accessKey`))
    .string(check.text(all['secretKey'], `${name}.secretKey`));
  optionalText(writer, all['securityToken'], `${name}.securityToken`);
  optionalText(writer, all['region'], `${name}.region`);
}

function temporaryKeys(writer: Writer, value: unknown, name: string): void {
  const all = members(value, name, ['url', 'refreshBeforeEnd', 'keep', 'region']);
  writer
    .string(check.text(all['url'], `${name}.url`))
    .number(check.millis(all['refreshBeforeEnd'] ?? 180_000, `${name}.refreshBeforeEnd`))
    .bool(check.flag(all['keep'] ?? true, `${name}.keep`));
  optionalText(writer, all['region'], `${name}.region`);
}

function tls(writer: Writer, value: unknown, name: string): void {
  const all = members(value, name, ['roots', 'identity', 'serverName', 'http']);
  const roots = all['roots'] ?? 'public';
  if (roots === 'public') writer.u8(0);
  else if (roots === 'any') writer.u8(2);
  else {
    const file = members(roots, `${name}.roots`, ['file'])['file'];
    writer.u8(1).string(check.text(file, `${name}.roots.file`));
  }
  const identity = all['identity'];
  let password: unknown;
  writer.bool(identity !== undefined);
  if (identity !== undefined) {
    const pair = members(identity, `${name}.identity`, ['certificates', 'key', 'password']);
    writer
      .string(check.text(pair['certificates'], `${name}.identity.certificates`))
      .string(check.text(pair['key'], `${name}.identity.key`));
    password = pair['password'];
  }
  optionalText(writer, all['serverName'], `${name}.serverName`);
  writer.bool(check.flag(all['http'] ?? false, `${name}.http`));
  // Behind the rest, which it adds to.
  if (password !== undefined) writer.u8(29).string(check.text(password, `${name}.identity.password`));
}

function group(writer: Writer, value: unknown, name: string, table: Table): void {
  const prefix = name === 'options' ? '' : `${name}.`;
  for (const [key, option] of Object.entries(check.object(value, name))) {
    if (option === undefined) continue;
    const known = Object.hasOwn(table, key) ? table[key] : undefined;
    if (known === undefined) throw new TypeError(`there is no option "${prefix}${key}"`);
    writer.u8(known[0]);
    known[1](writer, option, `${prefix}${key}`);
  }
}

/** @internal Encodes options, and refuses those that there are not. */
export function encode(options: ClientOptions): Writer {
  const { naming, config, ...general } = check.object(options, 'options') as ClientOptions;
  if (general.servers !== undefined && general.endpoint !== undefined) {
    throw new TypeError('servers and endpoint exclude each other');
  }
  const writer = new Writer();
  group(writer, general, 'options', GENERAL);
  if (naming !== undefined) group(writer, naming, 'naming', NAMING);
  if (config !== undefined) group(writer, config, 'config', CONFIG);
  return writer.u8(0);
}
