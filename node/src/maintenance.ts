/** Settings of services and instances. */
import * as check from './check';
import type { CallOptions, NativeClient } from './engine';
import {
  type InstanceInit,
  type InstancePatch,
  type ServiceDetail,
  type ServiceName,
  type ServiceSettings,
  readDetail,
  serviceKey,
  writeInstance,
  writeService,
  writeSettings,
} from './model';
import { Op } from './op';
import { Writer } from './wire';

const nothing = (): undefined => undefined;

function of(service: ServiceName): Writer {
  return writeService(new Writer(), serviceKey(service));
}

/** What tools do with services and persistent instances. Had from `client.naming.maintenance`. */
export class MaintenanceClient {
  /** @internal */
  constructor(private readonly client: NativeClient) {}

  /**
   * Creates a service without instances.
   *
   * @param service the service
   * @param settings its settings
   * @param options a signal, a deadline
   */
  async createService(service: ServiceName, settings: ServiceSettings = {}, options?: CallOptions): Promise<void> {
    await this.client.submit(Op.createService, writeSettings(of(service), settings), nothing, options);
  }

  /**
   * Replaces the settings of a service.
   *
   * @param service the service
   * @param settings all its settings
   * @param options a signal, a deadline
   */
  async updateService(service: ServiceName, settings: ServiceSettings, options?: CallOptions): Promise<void> {
    await this.client.submit(Op.updateService, writeSettings(of(service), settings), nothing, options);
  }

  /**
   * Deletes a service that has no instances.
   *
   * @param service the service
   * @param options a signal, a deadline
   */
  async deleteService(service: ServiceName, options?: CallOptions): Promise<void> {
    await this.client.submit(Op.deleteService, of(service), nothing, options);
  }

  /**
   * What the server keeps of a service.
   *
   * @param service the service
   * @param options a signal, a deadline
   */
  async service(service: ServiceName, options?: CallOptions): Promise<ServiceDetail> {
    return this.client.submit(Op.service, of(service), readDetail, options);
  }

  /**
   * Replaces what is said of an instance.
   *
   * @param service the service
   * @param instance the instance, told by its address
   * @param options a signal, a deadline
   */
  async updateInstance(service: ServiceName, instance: InstanceInit, options?: CallOptions): Promise<void> {
    await this.client.submit(Op.updateInstance, writeInstance(of(service), instance), nothing, options);
  }

  /**
   * Changes some of what is said of an instance.
   *
   * @param service the service
   * @param instance the instance, told by its address
   * @param patch what changes
   * @param options a signal, a deadline
   */
  async patchInstance(
    service: ServiceName,
    instance: InstanceInit,
    patch: InstancePatch,
    options?: CallOptions,
  ): Promise<void> {
    const { weight, enabled, metadata } = patch;
    const request = writeInstance(of(service), instance)
      .optional(weight, (writer, value) => writer.f64(check.number(value, 'weight')))
      .optional(enabled, (writer, value) => writer.bool(check.flag(value, 'enabled')))
      .optional(metadata, (writer, value) => writer.map(check.map(value, 'metadata')));
    await this.client.submit(Op.patchInstance, request, nothing, options);
  }

  /**
   * Adds entries to the metadata of instances.
   *
   * @param service the service
   * @param instances which; none at all means each of the service
   * @param metadata the entries
   * @param options a signal, a deadline
   * @returns the addresses that were changed
   */
  async addMetadata(
    service: ServiceName,
    instances: readonly InstanceInit[],
    metadata: Readonly<Record<string, string>>,
    options?: CallOptions,
  ): Promise<readonly string[]> {
    const request = of(service).list(instances, writeInstance).map(check.map(metadata, 'metadata'));
    return this.client.submit(Op.addMetadata, request, (answer) => answer.strings(), options);
  }

  /**
   * Removes entries from the metadata of instances.
   *
   * @param service the service
   * @param instances which; none at all means each of the service
   * @param names of the entries
   * @param options a signal, a deadline
   * @returns the addresses that were changed
   */
  async removeMetadata(
    service: ServiceName,
    instances: readonly InstanceInit[],
    names: readonly string[],
    options?: CallOptions,
  ): Promise<readonly string[]> {
    const request = of(service).list(instances, writeInstance).strings(check.texts(names, 'names'));
    return this.client.submit(Op.removeMetadata, request, (answer) => answer.strings(), options);
  }
}
