/** The services that a client follows: each list is decoded once, and kept for queries and listeners alike. */
import * as check from './check';
import { type CallOptions, type NativeClient, type NativeSubscription, inTurns } from './engine';
import type { NacreError } from './errors';
import {
  type Instance,
  type ServiceKey,
  type ServiceSnapshot,
  readSnapshot,
  writeService,
} from './model';
import { Op } from './op';
import { type Listener, Watch, type WatchOptions } from './watch';
import { Writer } from './wire';

/** Which instances a listener is shown; all conditions must hold. */
export interface Selector {
  /** Of these clusters only. */
  readonly clusters?: readonly string[] | undefined;
  /** Of this health only. */
  readonly healthy?: boolean | undefined;
  /** Only those that are enabled and have a weight above 0. */
  readonly takesTraffic?: boolean | undefined;
  /** Only those with all these entries. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Only those that this function accepts. */
  readonly matching?: ((instance: Instance) => boolean) | undefined;
}

/** A change of a service, against what this listener was told last. */
export interface ServiceChange {
  /** The service. */
  readonly service: ServiceKey;
  /** The whole list, also of what the selector does not accept. */
  readonly snapshot: ServiceSnapshot;
  /** All instances that the selector accepts. */
  readonly instances: readonly Instance[];
  /** New addresses. */
  readonly added: readonly Instance[];
  /** Addresses that are gone. */
  readonly removed: readonly Instance[];
  /** Addresses of which something else is said. */
  readonly modified: readonly Instance[];
}

/** What `naming.watch` accepts. */
export interface ServiceWatchOptions extends WatchOptions {
  /** Which instances the listener is shown. Default all. */
  readonly selector?: Selector | undefined;
}

/** Seconds, at most, after which a listener that failed is called again. */
const LONGEST_PAUSE = 5;

function filter(selector: Selector | undefined): (instance: Instance) => boolean {
  if (selector === undefined) return () => true;
  const { clusters = [], healthy, takesTraffic, metadata = {}, matching } = selector;
  const names = clusterNames(clusters);
  const entries = Object.entries(check.map(metadata, 'metadata'));
  if (matching !== undefined) check.listener(matching, 'matching');
  return (instance) =>
    (names.length === 0 || names.includes(instance.cluster)) &&
    (healthy === undefined || instance.healthy === healthy) &&
    (takesTraffic !== true || (instance.enabled && instance.weight > 0)) &&
    entries.every(([name, value]) => instance.metadata[name] === value) &&
    (matching?.(instance) ?? true);
}

/** @internal Names, each of which may be a list separated by commas, in order. */
export function clusterNames(names: readonly string[]): readonly string[] {
  const all = check.texts(names, 'clusters').flatMap((name) => name.split(','));
  return [...new Set(all.map((name) => name.trim()).filter((name) => name !== ''))].sort();
}

function same(one: Instance, other: Instance): boolean {
  const names = Object.keys(one.metadata);
  return (
    one.id === other.id &&
    one.ip === other.ip &&
    one.port === other.port &&
    one.weight === other.weight &&
    one.healthy === other.healthy &&
    one.enabled === other.enabled &&
    one.ephemeral === other.ephemeral &&
    one.cluster === other.cluster &&
    one.service === other.service &&
    names.length === Object.keys(other.metadata).length &&
    names.every((name) => one.metadata[name] === other.metadata[name])
  );
}

function sameSet(then: readonly Instance[], now: readonly Instance[]): boolean {
  if (then.length !== now.length) return false;
  const open = [...now];
  return then.every((one) => {
    const at = open.findIndex((other) => same(one, other));
    if (at >= 0) open.splice(at, 1);
    return at >= 0;
  });
}

function byAddress(instances: readonly Instance[]): Map<string, Instance[]> {
  const map = new Map<string, Instance[]>();
  for (const instance of instances) {
    const address = `${instance.ip}\n${instance.port}`;
    const there = map.get(address);
    if (there === undefined) map.set(address, [instance]);
    else there.push(instance);
  }
  return map;
}

/**
 * @internal What changed between two lists, by address. Several instances of one address count together, in any order,
 * and the last of them stands for it: servers list instances in no fixed order.
 */
export function difference(
  before: readonly Instance[],
  after: readonly Instance[],
): Pick<ServiceChange, 'added' | 'removed' | 'modified'> {
  const old = byAddress(before);
  const now = byAddress(after);
  const added: Instance[] = [];
  const modified: Instance[] = [];
  for (const [address, instances] of now) {
    const then = old.get(address);
    if (then === undefined) added.push(instances.at(-1)!);
    else if (!sameSet(then, instances)) modified.push(instances.at(-1)!);
  }
  const removed = [...old].filter(([address]) => !now.has(address)).map(([, instances]) => instances.at(-1)!);
  return { added, removed, modified };
}

/** A service that is followed. */
class Followed {
  newest: ServiceSnapshot | undefined;
  pinned = false;
  readonly watches = new Set<ServiceWatch>();
  readonly subscription: NativeSubscription;

  constructor(
    private readonly services: Services,
    client: NativeClient,
    readonly service: ServiceKey,
  ) {
    this.subscription = client.subscribe(Op.watch, writeService(new Writer(), service), (subscription) => {
      this.onEvent(subscription);
    });
  }

  private onEvent(subscription: NativeSubscription): void {
    let snapshot: ServiceSnapshot | Promise<ServiceSnapshot> | undefined;
    try {
      const value = subscription.take();
      snapshot = value === undefined ? undefined : inTurns(readSnapshot(value));
    } catch (error) {
      // It is over for good; who queries or watches later begins anew.
      this.services.ended(this);
      for (const watch of [...this.watches]) watch.refused(error as NacreError);
      return;
    }
    if (snapshot instanceof Promise) {
      void snapshot.then((read) => {
        this.publish(read);
        subscription.done(true);
      });
    } else {
      if (snapshot !== undefined) this.publish(snapshot);
      subscription.done(true);
    }
  }

  /** Every query from now on sees this list, and then the listeners do. */
  publish(snapshot: ServiceSnapshot): void {
    this.newest = snapshot;
    for (const watch of [...this.watches]) watch.changed();
  }
}

/** All of a client. */
export class Services {
  private readonly all = new Map<string, Followed>();

  constructor(private readonly client: NativeClient) {}

  newest(service: ServiceKey): ServiceSnapshot | undefined {
    return this.all.get(keyOf(service))?.newest;
  }

  /** Follows a service for queries; the engine does so already. */
  pin(service: ServiceKey, snapshot: ServiceSnapshot): void {
    const found = this.enter(service);
    found.pinned = true;
    // Lists of the subscription are newer.
    if (found.newest === undefined) found.publish(snapshot);
  }

  unpin(service: ServiceKey): void {
    const found = this.all.get(keyOf(service));
    if (found === undefined) return;
    found.pinned = false;
    this.leave(found);
  }

  add(service: ServiceKey, watch: ServiceWatch): Followed {
    const found = this.enter(service);
    found.watches.add(watch);
    return found;
  }

  remove(found: Followed, watch: ServiceWatch): void {
    found.watches.delete(watch);
    this.leave(found);
  }

  ended(found: Followed): void {
    if (this.all.get(keyOf(found.service)) === found) this.all.delete(keyOf(found.service));
    found.subscription.close();
  }

  close(): void {
    const all = [...this.all.values()];
    this.all.clear();
    for (const found of all) found.subscription.close();
  }

  private enter(service: ServiceKey): Followed {
    this.client.checkOpen();
    const key = keyOf(service);
    let found = this.all.get(key);
    if (found === undefined) {
      found = new Followed(this, this.client, service);
      this.all.set(key, found);
    }
    return found;
  }

  private leave(found: Followed): void {
    if (found.pinned || found.watches.size > 0) return;
    if (this.all.get(keyOf(found.service)) === found) {
      this.all.delete(keyOf(found.service));
      found.subscription.close();
    }
  }
}

/** Blank is the default group for the engine as well. */
function keyOf(service: ServiceKey): string {
  return `${service.group.trim() || 'DEFAULT_GROUP'}@@${service.name}`;
}

/** Follows a service. Begins with the present list, as soon as one is known. */
export class ServiceWatch extends Watch<ServiceChange> {
  /** The service. */
  readonly service: ServiceKey;
  private readonly accepts: (instance: Instance) => boolean;
  private readonly followed: Followed;
  private seen: ServiceSnapshot | undefined;
  private shown: readonly Instance[] | undefined;
  private taken: { readonly snapshot: ServiceSnapshot; readonly instances: readonly Instance[] } | undefined;
  private failures = 0;

  /** @internal */
  constructor(
    client: NativeClient,
    private readonly services: Services,
    service: ServiceKey,
    listener: Listener<ServiceChange> | undefined,
    options: ServiceWatchOptions | undefined,
  ) {
    super(client, `service ${service.group}@@${service.name}`, listener, options);
    this.service = service;
    this.accepts = filter(options?.selector);
    this.followed = services.add(service, this);
    this.begun();
    this.changed();
  }

  /** The newest list, from memory; undefined until one is known. */
  get current(): ServiceSnapshot | undefined {
    return this.followed.newest;
  }

  /** The instances of the newest list that the selector accepts. */
  get instances(): readonly Instance[] {
    return this.followed.newest?.instances.filter(this.accepts) ?? [];
  }

  /**
   * Waits until the server has answered.
   *
   * @param options a signal, a deadline
   */
  async established(options?: CallOptions): Promise<void> {
    const request = new Writer().key(this.followed.subscription.key);
    await this.client.submit(Op.established, request, () => undefined, options);
  }

  /** @internal */
  changed(): void {
    this.ring();
  }

  /** @internal */
  refused(error: NacreError): void {
    this.refuse(error);
  }

  /** @internal */
  protected override take(): ServiceChange | undefined {
    this.accept();
    const snapshot = this.followed.newest;
    if (snapshot === undefined || snapshot === this.seen) return undefined;
    const instances = snapshot.instances.filter(this.accepts);
    const changes = difference(this.shown ?? [], instances);
    this.taken = { snapshot, instances };
    const { added, removed, modified } = changes;
    if (this.shown !== undefined && added.length + removed.length + modified.length === 0) return this.take();
    return { service: this.service, snapshot, instances, ...changes };
  }

  /** What was taken is what later changes are told against. */
  private accept(): void {
    if (this.taken === undefined) return;
    this.seen = this.taken.snapshot;
    this.shown = this.taken.instances;
    this.taken = undefined;
    this.failures = 0;
  }

  /** @internal */
  protected override told(ok: boolean): void {
    if (ok) {
      this.accept();
      return;
    }
    this.taken = undefined;
    this.failures++;
    const pause = Math.min(this.failures, LONGEST_PAUSE) * 1000;
    setTimeout(() => {
      this.changed();
    }, pause).unref();
  }

  /** @internal */
  protected override end(): void {
    this.services.remove(this.followed, this);
  }
}
