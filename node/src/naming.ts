/** The service registry. */
import { type Balancer, ENGINE_BALANCERS, type View, balancerFunction, view } from './balancer';
import * as check from './check';
import { type CallOptions, type NativeClient, inTurns } from './engine';
import { MaintenanceClient } from './maintenance';
import {
  DEFAULT_GROUP,
  type Instance,
  type InstanceInit,
  type ServiceKey,
  type ServiceName,
  type ServicePage,
  type ServiceSnapshot,
  readInstance,
  readService,
  readSnapshot,
  serviceKey,
  writeInstance,
  writeService,
} from './model';
import { Op } from './op';
import { type ServiceChange, ServiceWatch, type ServiceWatchOptions, type Services, clusterNames } from './services';
import { type Listener, NativeWatch, type Watch, type WatchOptions } from './watch';
import type { Reader } from './wire';
import { Writer } from './wire';

/** What a query of instances accepts. */
export interface QueryOptions extends CallOptions {
  /** Of these clusters only. Default all. */
  readonly clusters?: readonly string[] | undefined;
  /** Whether the service is followed from then on, so that further queries read memory. Default true. */
  readonly subscribe?: boolean | undefined;
}

/** What `select` accepts. */
export interface SelectOptions extends QueryOptions {
  /** The healthy instances or the others. Default true. */
  readonly healthy?: boolean | undefined;
}

/** What `selectOne` accepts. */
export interface SelectOneOptions extends QueryOptions {
  /** Who chooses. Default `weightedRandom`. */
  readonly balancer?: Balancer | undefined;
  /** What the call is about (a user, a session), for balancers that keep calls with the same key together. */
  readonly key?: string | undefined;
}

/** What `services` accepts. */
export interface ServicesOptions extends CallOptions {
  /** Default `DEFAULT_GROUP`. */
  readonly group?: string | undefined;
  /** Counts from 1. Default 1. */
  readonly page?: number | undefined;
  /** Names per page. Default 1000. */
  readonly size?: number | undefined;
}

/** The names of the services of a group. */
export interface ServiceNames {
  /** The group. */
  readonly group: string;
  /** Rises with each list. */
  readonly revision: number;
  /** In order. */
  readonly names: readonly string[];
}

/** What came to fit a pattern, and what does not any more. */
export interface ServicePatternChange {
  /** What came. */
  readonly added: readonly ServiceKey[];
  /** What went. */
  readonly removed: readonly ServiceKey[];
}

/** Names with a `*` at one end or both: `order-*`, `*`. */
export interface ServicePattern {
  /** Of the group. Default `*`. */
  readonly group?: string | undefined;
  /** Of the name. Default `*`. */
  readonly name?: string | undefined;
}

const nothing = (): undefined => undefined;

/**
 * Registers instances, finds and follows them. Had from `client.naming`. Reads of a service that is followed come from
 * memory.
 */
export class NamingClient {
  /** Settings of services and instances, for tools. */
  readonly maintenance: MaintenanceClient;

  /** @internal */
  constructor(
    private readonly client: NativeClient,
    private readonly all: Services,
  ) {
    this.maintenance = new MaintenanceClient(client);
  }

  /**
   * Registers an instance and waits until the server has it. An ephemeral one lives as long as this client, which has
   * one publication per service: registering again replaces it. After a lost connection it is registered again by
   * itself, and after a failure that may pass the client goes on trying.
   *
   * @param service the service
   * @param instance the instance
   * @param options a signal, a deadline
   */
  async register(service: ServiceName, instance: InstanceInit, options?: CallOptions): Promise<void> {
    const request = writeInstance(writeService(new Writer(), serviceKey(service)), instance);
    await this.client.submit(Op.register, request, nothing, options);
  }

  /**
   * Registers several ephemeral instances, in place of what this client published for the service before.
   *
   * @param service the service
   * @param instances ephemeral ones; none at all keeps the service published without instances
   * @param options a signal, a deadline
   */
  async registerBatch(
    service: ServiceName,
    instances: readonly InstanceInit[],
    options?: CallOptions,
  ): Promise<void> {
    const request = writeService(new Writer(), serviceKey(service)).list(instances, writeInstance);
    await this.client.submit(Op.registerBatch, request, nothing, options);
  }

  /**
   * Deregisters. Ephemeral: takes away what this client published with `register`, whatever address is named, and of a
   * batch the instances with this address. Persistent: takes away the instance of this address.
   *
   * @param service the service
   * @param instance the instance
   * @param options a signal, a deadline
   */
  async deregister(service: ServiceName, instance: InstanceInit, options?: CallOptions): Promise<void> {
    const request = writeInstance(writeService(new Writer(), serviceKey(service)), instance);
    await this.client.submit(Op.deregister, request, nothing, options);
  }

  /**
   * Takes instances out of the batch that this client published.
   *
   * @param service the service
   * @param instances at least one; told by address
   * @param options a signal, a deadline
   */
  async deregisterBatch(
    service: ServiceName,
    instances: readonly InstanceInit[],
    options?: CallOptions,
  ): Promise<void> {
    const request = writeService(new Writer(), serviceKey(service)).list(instances, writeInstance);
    await this.client.submit(Op.deregisterBatch, request, nothing, options);
  }

  /**
   * All instances of a service, whatever their state. The first query follows the service and waits for the server;
   * further ones read memory.
   *
   * @param service the service
   * @param options clusters, a signal, a deadline
   * @returns a frozen list, empty for a service that nobody knows
   */
  async instances(service: ServiceName, options?: QueryOptions): Promise<readonly Instance[]> {
    return (await this.found(service, options, undefined)).instances;
  }

  /**
   * The whole list that a query finds, with what the server says about it.
   *
   * @param service the service
   * @param options clusters, a signal, a deadline
   */
  async snapshot(service: ServiceName, options?: QueryOptions): Promise<ServiceSnapshot> {
    return this.list(serviceKey(service), options);
  }

  /**
   * The instances that take traffic (enabled, weight above 0) and are healthy, or are not.
   *
   * @param service the service
   * @param options which of them, clusters, a signal, a deadline
   */
  async select(service: ServiceName, options?: SelectOptions): Promise<readonly Instance[]> {
    return (await this.found(service, options, check.flag(options?.healthy ?? true, 'healthy'))).instances;
  }

  /**
   * One healthy instance that takes traffic, as a balancer chooses.
   *
   * @param service the service
   * @param options the balancer, clusters, a signal, a deadline
   * @returns undefined if there is none
   */
  async selectOne(service: ServiceName, options?: SelectOneOptions): Promise<Instance | undefined> {
    const balancer = options?.balancer ?? 'weightedRandom';
    const choose = balancerFunction(balancer);
    if (choose !== undefined) return choose(await this.found(service, options, true), options?.key);
    return this.chosenByEngine(service, ENGINE_BALANCERS[balancer as keyof typeof ENGINE_BALANCERS], options);
  }

  /**
   * The newest list of a service that is followed, from memory.
   *
   * @param service the service
   * @returns undefined when it is not followed, or no list is known yet
   */
  cached(service: ServiceName): ServiceSnapshot | undefined {
    return this.all.newest(serviceKey(service));
  }

  /**
   * Stops following a service for queries. Watches are not touched.
   *
   * @param service the service
   */
  unsubscribe(service: ServiceName): void {
    const key = serviceKey(service);
    this.all.unpin(key);
    if (!this.client.isClosed) this.client.ask(Op.unsubscribe, writeService(new Writer(), key));
  }

  /**
   * Follows a service. Begins with the present list, as soon as one is known.
   *
   * @param service the service
   * @param listener is told of changes; more can be added with `on('change', ...)`, or loop over the watch
   * @param options which instances, a signal
   */
  watch(service: ServiceName, listener?: Listener<ServiceChange>, options?: ServiceWatchOptions): ServiceWatch;
  /**
   * Follows a service, for `for await` and `on('change', ...)`.
   *
   * @param service the service
   * @param options which instances, a signal
   */
  watch(service: ServiceName, options: ServiceWatchOptions): ServiceWatch;
  watch(
    service: ServiceName,
    listener?: Listener<ServiceChange> | ServiceWatchOptions,
    options?: ServiceWatchOptions,
  ): ServiceWatch {
    const [listen, more] = listenerAndOptions<Listener<ServiceChange>, ServiceWatchOptions>(listener, options);
    return new ServiceWatch(this.client, this.all, serviceKey(service), listen, more);
  }

  /**
   * One page of the names of the services of a group.
   *
   * @param options group, page, size, a signal, a deadline
   */
  async services(options: ServicesOptions = {}): Promise<ServicePage> {
    const request = new Writer()
      .string(check.text(options.group ?? DEFAULT_GROUP, 'group'))
      .i32(check.integer(options.page ?? 1, 'page', 0, 0x7fff_ffff))
      .i32(check.integer(options.size ?? 1000, 'size', 1, 0x7fff_ffff));
    const read = (answer: Reader): ServicePage => ({ count: answer.i32(), names: answer.strings() });
    return this.client.submit(Op.services, request, read, options);
  }

  /**
   * The names of all services of a group, in order.
   *
   * @param group the group
   * @param options a signal, a deadline
   */
  async allServices(group: string = DEFAULT_GROUP, options?: CallOptions): Promise<readonly string[]> {
    const request = new Writer().string(check.text(group, 'group'));
    return this.client.submit(Op.allServices, request, (answer) => answer.strings(), options);
  }

  /**
   * Follows the names of the services of a group: told by the server where it offers that, else by asking again and
   * again.
   *
   * @param group the group
   * @param listener is told of changes
   * @param options a signal
   */
  watchServices(
    group: string = DEFAULT_GROUP,
    listener?: Listener<ServiceNames>,
    options?: WatchOptions,
  ): Watch<ServiceNames> {
    const read = (value: Reader): ServiceNames => ({
      group: value.string(),
      revision: value.number(),
      names: value.strings(),
    });
    const request = new Writer().string(check.text(group, 'group'));
    const watch = new NativeWatch(this.client, `services of ${group}`, read, listener, options);
    return watch.subscribe(Op.watchServices, request);
  }

  /**
   * Watches which services fit a pattern, on servers from 3.0 on.
   *
   * @param pattern the pattern
   * @param listener is told of changes
   * @param options a signal
   */
  async watchPattern(
    pattern: ServicePattern,
    listener?: Listener<ServicePatternChange>,
    options?: WatchOptions,
  ): Promise<Watch<ServicePatternChange>> {
    const { group = '*', name = '*' } = check.object(pattern, 'pattern') as ServicePattern;
    const read = (value: Reader): ServicePatternChange => ({
      added: value.list(readService),
      removed: value.list(readService),
    });
    const request = new Writer().string(check.text(group, 'group')).string(check.text(name, 'name'));
    const watch = new NativeWatch(this.client, `services like ${name}`, read, listener, options);
    return watch.open(Op.watchFuzzy, request, options);
  }

  /** The services that this client follows, by queries and watches. */
  subscribed(): readonly ServiceKey[] {
    return this.client.ask(Op.subscribed, new Writer())?.list(readService) ?? [];
  }

  /**
   * Whether a server says that it is well.
   *
   * @param options a signal, a deadline
   */
  async isServerUp(options?: CallOptions): Promise<boolean> {
    return this.client.submit(Op.serverStatus, new Writer(), (answer) => answer.bool(), options);
  }

  private async found(
    service: ServiceName,
    options: QueryOptions | undefined,
    healthy: boolean | undefined,
  ): Promise<View> {
    const snapshot = await this.list(serviceKey(service), options);
    return view(snapshot, clusterNames(options?.clusters ?? []), healthy);
  }

  /** From memory where the service is followed. */
  private async list(service: ServiceKey, options: QueryOptions | undefined): Promise<ServiceSnapshot> {
    const direct = !check.flag(options?.subscribe ?? true, 'subscribe');
    const newest = direct ? undefined : this.all.newest(service);
    if (newest !== undefined) {
      this.client.checkOpen();
      return newest;
    }
    const clusters = clusterNames(options?.clusters ?? []);
    const request = writeService(new Writer(), service).strings(clusters).bool(direct);
    return this.client.submit(
      Op.instances,
      request,
      async (answer) => {
        const snapshot = await inTurns(readSnapshot(answer));
        if (!direct) this.all.pin(service, snapshot);
        return snapshot;
      },
      options,
    );
  }

  private async chosenByEngine(
    service: ServiceName,
    balancer: number,
    options: SelectOneOptions | undefined,
  ): Promise<Instance | undefined> {
    if (options?.subscribe === false) {
      throw new TypeError('a balancer with a state chooses from memory: subscribe must not be false');
    }
    const key = options?.key;
    const request = writeService(new Writer(), serviceKey(service))
      .strings(clusterNames(options?.clusters ?? []))
      .u8(balancer)
      .optionalString(key === undefined ? undefined : check.text(key, 'key'))
      .optionalString(undefined);
    const read = (answer: Reader): Instance | undefined => answer.optional(readInstance);
    const answer = this.client.ask(Op.selectOne, request);
    return answer === undefined ? this.client.submit(Op.selectOne, request, read, options) : read(answer);
  }
}

/** @internal */
export function listenerAndOptions<L, O extends object>(
  listener: L | O | undefined,
  options: O | undefined,
): [L | undefined, O | undefined] {
  return typeof listener === 'object' ? [undefined, listener as O] : [listener, options];
}
