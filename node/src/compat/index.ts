/**
 * Stands in for the package `nacos`: changing `require('nacos')` to `require('nacre-client/compat')` is the whole
 * migration.
 *
 * @packageDocumentation
 */
export { Base, type FirstEvent } from './base';
export {
  type ClientOptions,
  type CommonInputOptions,
  type ContentListener,
  NacosConfigClient,
  type UnitOptions,
} from './config';
export {
  type Host,
  type HostsListener,
  type Instance,
  NacosNamingClient,
  type NacosNamingClientConfig,
  type NamingLogger,
  type SubscribeInfo,
} from './naming';
