/** Values of the API and their encoding. */
import * as check from './check';
import { type NacreError, readError } from './errors';
import type { Reader, Writer } from './wire';

/** The group of what names none. */
export const DEFAULT_GROUP = 'DEFAULT_GROUP';

/** A service. */
export interface ServiceKey {
  /** Its group. */
  readonly group: string;
  /** Its name within the group. */
  readonly name: string;
}

/** A service as calls take it: a name of the default group, or a name and a group. */
export type ServiceName = string | NamedService;

/** A name and a group. */
export interface NamedService {
  /** The name. */
  readonly name: string;
  /** The group. Default `DEFAULT_GROUP`. */
  readonly group?: string | undefined;
}

/** A config. */
export interface ConfigKey {
  /** Its group. */
  readonly group: string;
  /** Its name within the group. */
  readonly dataId: string;
}

/** A config as calls take it: a data id of the default group, or a data id and a group. */
export type ConfigName = string | NamedConfig;

/** A data id and a group. */
export interface NamedConfig {
  /** The data id. */
  readonly dataId: string;
  /** The group. Default `DEFAULT_GROUP`. */
  readonly group?: string | undefined;
}

/** An instance of a service. */
export interface Instance {
  /** What the server calls it. */
  readonly id?: string | undefined;
  /** Address or host name. */
  readonly ip: string;
  /** Port. */
  readonly port: number;
  /** Share of the traffic; 0 takes none. */
  readonly weight: number;
  /** Whether the server takes it for healthy. */
  readonly healthy: boolean;
  /** Whether it may take traffic at all. */
  readonly enabled: boolean;
  /** Whether it lives as long as the client that registered it. */
  readonly ephemeral: boolean;
  /** Its cluster. */
  readonly cluster: string;
  /** The service as the server names it, `group@@name`. */
  readonly service?: string | undefined;
  /** What else is said of it. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** An instance as calls take it: address and port, and what differs from an enabled, healthy, ephemeral one of weight 1. */
export type InstanceInit = Pick<Instance, 'ip' | 'port'> & { readonly [K in keyof Instance]?: Instance[K] | undefined };

/** Where a list or a content came from. */
export type ListSource = 'server' | 'cache' | 'failover';
/** Where a content came from. */
export type ConfigSource = 'server' | 'snapshot' | 'failover';

/** The list of a service, at one time. */
export interface ServiceSnapshot {
  /** The service. */
  readonly service: ServiceKey;
  /** The clusters that the server was asked for, separated by commas. */
  readonly clusters: string;
  /** How long the server wants a list to be kept, in milliseconds. */
  readonly cacheMillis: number;
  /** When the server made the list, in milliseconds since the epoch. */
  readonly lastRefTime: number;
  /** Whether so many are unhealthy that the server names all of them healthy. */
  readonly protected: boolean;
  /** Where the list came from. */
  readonly source: ListSource;
  /** Rises with each list. */
  readonly revision: number;
  /** All instances. */
  readonly instances: readonly Instance[];
}

/** One page of names of services. */
export interface ServicePage {
  /** How many there are in all. */
  readonly count: number;
  /** Those of the page. */
  readonly names: readonly string[];
}

/** The content of a config. */
export interface ConfigValue {
  /** The text. */
  readonly content: string;
  /** Of the content as the server has it. */
  readonly md5: string;
  /** `yaml`, `json`, ... */
  readonly type?: string | undefined;
  /** The key that the content is encrypted with, itself encrypted. */
  readonly encryptedDataKey?: string | undefined;
  /** Where it came from. */
  readonly source: ConfigSource;
  /** In milliseconds since the epoch, 0 if unknown. */
  readonly lastModified: number;
}

/** A content to publish, with what the server keeps beside it. */
export interface Publish {
  /** The text. */
  readonly content: string;
  /** `yaml`, `json`, ... */
  readonly type?: string | undefined;
  /** The application that it belongs to. */
  readonly appName?: string | undefined;
  /** At most five. */
  readonly tags?: readonly string[] | undefined;
  /** For people. */
  readonly description?: string | undefined;
  /** For people. */
  readonly usage?: string | undefined;
  /** For people. */
  readonly effect?: string | undefined;
  /** For people. */
  readonly schema?: string | undefined;
  /** Who publishes. */
  readonly operator?: string | undefined;
  /** The key that the content is encrypted with, itself encrypted. */
  readonly encryptedDataKey?: string | undefined;
}

/** For whom a version of a config is: clients at these addresses, or with this tag. */
export type Gray = Beta | Tagged;

/** Clients at these addresses. */
export interface Beta {
  /** The addresses. */
  readonly beta: readonly string[];
}

/** Clients whose application labels have this tag. */
export interface Tagged {
  /** The tag. */
  readonly tag: string;
}

/** What a service is created or updated with. */
export interface ServiceSettings {
  /** Share of healthy instances below which all count as healthy; 0 never. */
  readonly protectThreshold?: number | undefined;
  /** What is said of the service. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Expression over labels that chooses instances. */
  readonly labelSelector?: string | undefined;
}

/** What a server keeps of a service. */
export interface ServiceDetail {
  /** The service. */
  readonly service: ServiceKey;
  /** Share of healthy instances below which all count as healthy. */
  readonly protectThreshold: number;
  /** What is said of it. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Expression that chooses instances. */
  readonly selector?: string | undefined;
  /** Its clusters. */
  readonly clusters: readonly ClusterDetail[];
}

/** What a server keeps of a cluster. */
export interface ClusterDetail {
  /** Its name. */
  readonly name: string;
  /** How persistent instances are checked. */
  readonly healthChecker?: string | undefined;
  /** What is said of it. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** What an instance is changed to; what is absent stays. */
export interface InstancePatch {
  /** Share of the traffic. */
  readonly weight?: number | undefined;
  /** Whether it may take traffic. */
  readonly enabled?: boolean | undefined;
  /** In place of all that was said of it. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** The connection of a client. */
export interface Status {
  /** What it does. */
  readonly state: 'connecting' | 'connected' | 'reconnecting' | 'closed';
  /** Since when. */
  readonly since: Date;
  /** The server that it has or tries. */
  readonly server?: string | undefined;
  /** Why the last connection or attempt failed. */
  readonly lastError?: NacreError | undefined;
  /** Of this end. */
  readonly localAddress?: string | undefined;
  /** What the server is: before 2.3, before 3.0, 3. */
  readonly serverGeneration: 'unknown' | 'old' | 'two' | 'three';
  /** Number of the connection, from 1. */
  readonly generation: number;
}

/** What a client has counted. */
export interface Metrics {
  /** Requests to servers. */
  readonly calls: number;
  /** Those that failed. */
  readonly failedCalls: number;
  /** Requests that were sent again. */
  readonly retries: number;
  /** Pushes of servers. */
  readonly pushes: number;
  /** Connections made. */
  readonly connections: number;
  /** Attempts that failed. */
  readonly failedConnections: number;
  /** Log-ins. */
  readonly logins: number;
  /** Registrations and subscriptions that were renewed on a new connection. */
  readonly redone: number;
  /** Services in memory. */
  readonly services: number;
  /** Configs that are listened to. */
  readonly listenedConfigs: number;
  /** Services that failover files replace. */
  readonly failoverServices: number;
  /** Local files that could not be read. */
  readonly corruptFiles: number;
  /** Local files that could not be written. */
  readonly failedWrites: number;
}

/** Something that happened to the connection of a client. */
export type ClientEvent = ConnectedEvent | FailedEvent | ResetEvent | ServersChangedEvent;

/** There is a connection. */
export interface ConnectedEvent {
  /** What happened. */
  readonly type: 'connected';
  /** The server. */
  readonly server: string;
  /** Of this end. */
  readonly localAddress: string;
  /** Number of the connection, from 1. */
  readonly generation: number;
}

/** The connection was lost, or a log-in failed. */
export interface FailedEvent {
  /** What happened. */
  readonly type: 'disconnected' | 'loginFailed';
  /** Why. */
  readonly error: NacreError;
}

/** The server asked the client to connect again. */
export interface ResetEvent {
  /** What happened. */
  readonly type: 'reset';
  /** Where to, if it said so. */
  readonly target?: string | undefined;
}

/** The list of servers is another one. */
export interface ServersChangedEvent {
  /** What happened. */
  readonly type: 'serversChanged';
  /** How many there are. */
  readonly count: number;
}

/** `host:port` of an instance, for a URL. */
export function addressOf(instance: Pick<Instance, 'ip' | 'port'>): string {
  const { ip, port } = instance;
  return ip.includes(':') && !ip.startsWith('[') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** @internal */
export function serviceKey(service: ServiceName): ServiceKey {
  if (typeof service === 'string') return { group: DEFAULT_GROUP, name: service };
  const { name, group } = check.object(service, 'service');
  return { group: group === undefined ? DEFAULT_GROUP : check.text(group, 'group'), name: check.text(name, 'name') };
}

/** @internal */
export function configKey(config: ConfigName): ConfigKey {
  if (typeof config === 'string') return { group: DEFAULT_GROUP, dataId: config };
  const { dataId, group } = check.object(config, 'config');
  return {
    group: group === undefined ? DEFAULT_GROUP : check.text(group, 'group'),
    dataId: check.text(dataId, 'dataId'),
  };
}

/** @internal */
export function writeService(writer: Writer, service: ServiceKey): Writer {
  return writer.string(service.group).string(service.name);
}

/** @internal */
export function writeConfig(writer: Writer, config: ConfigKey): Writer {
  return writer.string(config.dataId).string(config.group);
}

function optionalText(value: unknown, name: string): string | undefined {
  return value === undefined || value === null ? undefined : check.text(value, name);
}

/** @internal */
export function writeInstance(writer: Writer, instance: InstanceInit): Writer {
  const { healthy = true, enabled = true, ephemeral = true, metadata = {}, weight = 1, cluster = 'DEFAULT' } =
    check.object(instance, 'instance') as unknown as InstanceInit;
  const flags =
    (check.flag(healthy, 'healthy') ? 1 : 0) |
    (check.flag(enabled, 'enabled') ? 2 : 0) |
    (check.flag(ephemeral, 'ephemeral') ? 4 : 0);
  return writer
    .optionalString(optionalText(instance.id, 'id'))
    .string(check.text(instance.ip, 'ip'))
    .i32(check.port(instance.port, 'port'))
    .f64(check.number(weight, 'weight'))
    .u8(flags)
    .string(check.text(cluster, 'cluster'))
    .optionalString(optionalText(instance.service, 'service'))
    .map(check.map(metadata, 'metadata'));
}

/** @internal */
export function writePublish(writer: Writer, publish: Publish): Writer {
  return writer
    .string(check.text(publish.content, 'content'))
    .optionalString(optionalText(publish.type, 'type'))
    .optionalString(optionalText(publish.appName, 'appName'))
    .strings(check.texts(publish.tags ?? [], 'tags'))
    .optionalString(optionalText(publish.description, 'description'))
    .optionalString(optionalText(publish.usage, 'usage'))
    .optionalString(optionalText(publish.effect, 'effect'))
    .optionalString(optionalText(publish.schema, 'schema'))
    .optionalString(optionalText(publish.operator, 'operator'))
    .optionalString(optionalText(publish.encryptedDataKey, 'encryptedDataKey'));
}

/** @internal */
export function writeGray(writer: Writer, gray: Gray): Writer {
  const { beta, tag } = check.object(gray, 'gray');
  if (beta !== undefined) return writer.u8(0).strings(check.texts(beta, 'beta'));
  return writer.u8(1).string(check.text(tag, 'tag'));
}

/** @internal */
export function writeSettings(writer: Writer, settings: ServiceSettings): Writer {
  const { protectThreshold = 0, metadata = {}, labelSelector } = settings;
  return writer
    .f64(check.number(protectThreshold, 'protectThreshold'))
    .map(check.map(metadata, 'metadata'))
    .optionalString(optionalText(labelSelector, 'labelSelector'));
}

/** @internal */
export function readService(reader: Reader): ServiceKey {
  const group = reader.string();
  return { group, name: reader.string() };
}

/** @internal */
export function readConfigKey(reader: Reader): ConfigKey {
  const dataId = reader.string();
  return { group: reader.string(), dataId };
}

/** @internal */
export function readInstance(reader: Reader): Instance {
  const id = reader.optionalString();
  const ip = reader.string();
  const port = reader.i32();
  const weight = reader.f64();
  const flags = reader.u8();
  const cluster = reader.string();
  const service = reader.optionalString();
  return Object.freeze({
    id,
    ip,
    port,
    weight,
    healthy: (flags & 1) !== 0,
    enabled: (flags & 2) !== 0,
    ephemeral: (flags & 4) !== 0,
    cluster,
    service,
    metadata: Object.freeze(reader.map()),
  });
}

const LIST_SOURCES: readonly ListSource[] = ['server', 'cache', 'failover'];
const VALUE_SOURCES: readonly ConfigSource[] = ['server', 'snapshot', 'failover'];
const STATES = ['connecting', 'connected', 'reconnecting', 'closed'] as const;
const GENERATIONS = ['unknown', 'old', 'two', 'three'] as const;

/** Instances that are read at once. */
const STEP = 32;

/** @internal Reads a list, which may be long: the caller may have a rest after each step. */
export function* readSnapshot(reader: Reader): Generator<undefined, ServiceSnapshot> {
  const head = {
    service: Object.freeze(readService(reader)),
    clusters: reader.string(),
    cacheMillis: reader.number(),
    lastRefTime: reader.number(),
    protected: reader.bool(),
    source: LIST_SOURCES[reader.u8()] ?? 'server',
    revision: reader.number(),
  };
  const instances: Instance[] = [];
  for (let left = reader.count(); left > 0; left--) {
    instances.push(readInstance(reader));
    if (instances.length % STEP === 0) yield;
  }
  return Object.freeze({ ...head, instances: Object.freeze(instances) });
}

/** @internal */
export function readValue(reader: Reader): ConfigValue {
  return Object.freeze({
    content: reader.string(),
    md5: reader.string(),
    type: reader.optionalString(),
    encryptedDataKey: reader.optionalString(),
    source: VALUE_SOURCES[reader.u8()] ?? 'server',
    lastModified: reader.number(),
  });
}

/** @internal */
export function readDetail(reader: Reader): ServiceDetail {
  const name = reader.string();
  return {
    service: { group: reader.string(), name },
    protectThreshold: Math.fround(reader.f64()),
    metadata: reader.map(),
    selector: reader.optionalString(),
    clusters: reader.list((cluster) => ({
      name: cluster.string(),
      healthChecker: cluster.optionalString(),
      metadata: cluster.map(),
    })),
  };
}

/** @internal */
export function readStatus(reader: Reader): Status {
  return {
    state: STATES[reader.u8()] ?? 'closed',
    since: new Date(reader.number()),
    server: reader.optionalString(),
    lastError: reader.optional(readError),
    localAddress: reader.optionalString(),
    serverGeneration: GENERATIONS[reader.u8()] ?? 'unknown',
    generation: reader.number(),
  };
}

/** @internal */
export function readMetrics(reader: Reader): Metrics {
  return {
    calls: reader.number(),
    failedCalls: reader.number(),
    retries: reader.number(),
    pushes: reader.number(),
    connections: reader.number(),
    failedConnections: reader.number(),
    logins: reader.number(),
    redone: reader.number(),
    services: reader.number(),
    listenedConfigs: reader.number(),
    failoverServices: reader.number(),
    corruptFiles: reader.number(),
    failedWrites: reader.number(),
  };
}

/** @internal */
export function readEvent(reader: Reader): ClientEvent {
  const type = reader.u8();
  switch (type) {
    case 1:
      return {
        type: 'connected',
        server: reader.string(),
        localAddress: reader.string(),
        generation: reader.number(),
      };
    case 2:
      return { type: 'disconnected', error: readError(reader) };
    case 3:
      return { type: 'reset', target: reader.optionalString() };
    case 4:
      return { type: 'serversChanged', count: reader.i32() };
    case 5:
      return { type: 'loginFailed', error: readError(reader) };
    default:
      throw new RangeError(`event ${type} is unknown`);
  }
}
