/** Choosing one of the instances that take traffic. */
import type { Instance, ServiceKey, ServiceSnapshot } from './model';

/** What a balancer chooses from: the healthy instances of a service that take traffic. */
export interface Candidates {
  /** The service. */
  readonly service: ServiceKey;
  /** The instances, none if there are none. */
  readonly instances: readonly Instance[];
  /**
   * Those of one cluster.
   *
   * @param cluster its name
   */
  of(cluster: string): Candidates;
  /** Draws an instance with a probability in proportion to its weight. The table for that is made once per list. */
  weighted(): Instance | undefined;
}

/**
 * Chooses an instance. The key says what the call is about (a user, a session), for balancers that keep calls with the
 * same key together.
 */
export type BalancerFunction = (candidates: Candidates, key: string | undefined) => Instance | undefined;

/** Balancers of the engine by name. Those that remember something do so per client and service. */
export type BalancerName =
  | 'weightedRandom'
  | 'random'
  | 'roundRobin'
  | 'leastRecentlyUsed'
  | 'leastFrequentlyUsed'
  | 'consistentHash';

/** A balancer: one of the engine's, or a function. */
export type Balancer = BalancerName | BalancerFunction;

/** @internal Numbers of the balancers that the engine runs. */
export const ENGINE_BALANCERS = {
  roundRobin: 0,
  leastRecentlyUsed: 1,
  leastFrequentlyUsed: 2,
  consistentHash: 3,
} as const;

const random: BalancerFunction = ({ instances }) => instances[Math.floor(Math.random() * instances.length)];
const weightedRandom: BalancerFunction = (candidates) => candidates.weighted();

/** @internal The function of a balancer that needs no memory of the engine; undefined for the others. */
export function balancerFunction(balancer: Balancer): BalancerFunction | undefined {
  if (typeof balancer === 'function') return balancer;
  if (balancer === 'weightedRandom') return weightedRandom;
  if (balancer === 'random') return random;
  if (Object.hasOwn(ENGINE_BALANCERS, balancer)) return undefined;
  throw new TypeError(`there is no balancer ${balancer}`);
}

/**
 * Prefers the instances of one cluster, and takes others where it has none.
 *
 * @param cluster its name
 * @param inner chooses among them
 */
export function sameCluster(cluster: string, inner: BalancerFunction = weightedRandom): BalancerFunction {
  if (typeof inner !== 'function') throw new TypeError('the balancer within a cluster must be a function');
  return (candidates, key) => inner(candidates.of(cluster), key) ?? inner(candidates, key);
}

/** Part of a list: of some clusters, of one health. */
export class View implements Candidates {
  private table: { readonly usable: readonly Instance[]; readonly shares: readonly number[] } | undefined;

  constructor(
    private readonly snapshot: ServiceSnapshot,
    private readonly clusters: readonly string[],
    private readonly healthy: boolean | undefined,
    readonly instances: readonly Instance[],
  ) {}

  get service(): ServiceKey {
    return this.snapshot.service;
  }

  of(cluster: string): Candidates {
    if (this.clusters.length === 0 || this.clusters.includes(cluster)) {
      return view(this.snapshot, [cluster], this.healthy);
    }
    return new View(this.snapshot, [cluster], this.healthy, []);
  }

  weighted(): Instance | undefined {
    this.table ??= weights(this.instances);
    const { usable, shares } = this.table;
    const draw = Math.random();
    let low = 0;
    let high = shares.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (shares[middle]! < draw) low = middle + 1;
      else high = middle;
    }
    // Rounding may leave the last share a little below 1.
    return usable[Math.min(low, usable.length - 1)];
  }
}

/** Shares of the instances, added up to 1: weighted random choice as Nacos makes it. */
function weights(instances: readonly Instance[]): { usable: readonly Instance[]; shares: readonly number[] } {
  const usable = instances.filter(({ healthy, weight }) => healthy && weight > 0 && Number.isFinite(weight));
  // Dividing by the largest first keeps the sum of huge weights finite.
  const largest = usable.reduce((most, { weight }) => Math.max(most, weight), Number.MIN_VALUE);
  const total = usable.reduce((sum, { weight }) => sum + weight / largest, 0);
  let sum = 0;
  const shares = usable.map(({ weight }) => (sum += weight / largest / total));
  return { usable, shares };
}

const views = new WeakMap<ServiceSnapshot, Map<string, View>>();
/** Views that are kept of a list. */
const KEPT = 16;

/** @internal The instances of these clusters; of those that take traffic the healthy or unhealthy ones, or all. */
export function view(snapshot: ServiceSnapshot, clusters: readonly string[], healthy: boolean | undefined): View {
  let kept = views.get(snapshot);
  if (kept === undefined) {
    kept = new Map();
    views.set(snapshot, kept);
  }
  const name = `${healthy} ${clusters.join(',')}`;
  const known = kept.get(name);
  if (known !== undefined) return known;
  const all = snapshot.instances;
  const instances =
    clusters.length === 0 && healthy === undefined
      ? all
      : Object.freeze(
          all.filter(
            (instance) =>
              (clusters.length === 0 || clusters.includes(instance.cluster)) &&
              (healthy === undefined || (instance.healthy === healthy && instance.enabled && instance.weight > 0)),
          ),
        );
  const made = new View(snapshot, clusters, healthy, instances);
  if (kept.size < KEPT) kept.set(name, made);
  return made;
}
