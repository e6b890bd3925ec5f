/**
 * Client of Nacre and of every server that speaks the Nacos 2.x protocol.
 *
 * @packageDocumentation
 */
export { NacreClient, type ReadyOptions } from './client';
export type {
  ClientOptions,
  ConfigOptions,
  Endpoint,
  Identity,
  Keys,
  Login,
  NamingOptions,
  RootsFile,
  TemporaryKeys,
  Tls,
} from './options';
export {
  NamingClient,
  type QueryOptions,
  type SelectOneOptions,
  type SelectOptions,
  type ServiceNames,
  type ServicePattern,
  type ServicePatternChange,
  type ServicesOptions,
} from './naming';
export { MaintenanceClient } from './maintenance';
export {
  ConfigClient,
  type ConfigChange,
  type ConfigFilter,
  type ConfigPattern,
  type ConfigPatternChange,
  type ConfigReading,
} from './config';
export { LockClient, type LockOptions } from './lock';
export { type ServiceChange, ServiceWatch, type ServiceWatchOptions, type Selector } from './services';
export { type Listener, Watch, type WatchEvents, type WatchOptions } from './watch';
export type { CallOptions } from './engine';
export { type Balancer, type BalancerFunction, type BalancerName, type Candidates, sameCluster } from './balancer';
export {
  ClientClosedError,
  ConflictError,
  type ErrorKind,
  ForbiddenError,
  InternalError,
  InvalidParameterError,
  LibraryError,
  NacreError,
  NotFoundError,
  OverLimitError,
  RefusedError,
  RequestTimeoutError,
  UnreachableError,
  UnsupportedError,
} from './errors';
export { type LeveledLogger, type LogLevel, type LogRecord, type Logger, setLogger } from './log';
export {
  type Beta,
  type ClientEvent,
  type ClusterDetail,
  type ConfigKey,
  type ConfigName,
  type ConfigSource,
  type ConfigValue,
  type ConnectedEvent,
  DEFAULT_GROUP,
  type FailedEvent,
  type Gray,
  type Instance,
  type InstanceInit,
  type InstancePatch,
  type ListSource,
  type Metrics,
  type NamedConfig,
  type NamedService,
  type Publish,
  type ResetEvent,
  type ServersChangedEvent,
  type ServiceDetail,
  type ServiceKey,
  type ServiceName,
  type ServicePage,
  type ServiceSettings,
  type ServiceSnapshot,
  type Status,
  type Tagged,
  addressOf,
} from './model';
export { type RegisterServerOptions, type Registration, registerServer } from './registration';
export { type DiscoveryOptions, serviceFetch, serviceInterceptor } from './discovery';
export { ReloadingConfig, type ReloadingEvents, type ReloadingOptions } from './reloading';
export { VERSION } from './native';
