/** Requests to services by name: `http://orders/` goes to one of the instances of `orders`. */
import { isIP } from 'node:net';

import { NotFoundError } from './errors';
import { type Instance, type ServiceName, addressOf, serviceKey } from './model';
import type { NamingClient, SelectOneOptions } from './naming';

/** How services are found. */
export interface DiscoveryOptions extends Pick<SelectOneOptions, 'balancer' | 'key' | 'clusters'> {
  /**
   * The service that a host stands for; undefined for a host that is none. URLs have their hosts in lower case.
   * By default each host without a dot is a service of `DEFAULT_GROUP`, but for `localhost`.
   */
  readonly service?: ((host: string) => ServiceName | undefined) | undefined;
}

function byName(host: string): ServiceName | undefined {
  return host === 'localhost' || host.includes('.') || isIP(host.replace(/^\[|\]$/g, '')) !== 0 ? undefined : host;
}

/** The instance that a host stands for; undefined where it is no service. */
async function resolve(
  naming: NamingClient,
  host: string,
  { service = byName, ...select }: DiscoveryOptions,
): Promise<Instance | undefined> {
  const name = service(host);
  if (name === undefined) return undefined;
  const found = await naming.selectOne(name, select);
  if (found !== undefined) return found;
  const { group, name: of } = serviceKey(name);
  throw new NotFoundError('not_found', 404, true, `no healthy instance of service ${group}@@${of}`);
}

type Fetch = typeof fetch;

/**
 * A `fetch` that finds services by name. The request is the same but for the address it goes to.
 *
 * @param naming finds them
 * @param options how
 * @returns what takes the arguments of `fetch`
 */
export function serviceFetch(naming: NamingClient, options: DiscoveryOptions = {}): Fetch {
  return async (input, init) => {
    const request = typeof input === 'string' || input instanceof URL ? undefined : input;
    const url = new URL(input instanceof Request ? input.url : input);
    const instance = await resolve(naming, url.hostname, options);
    if (instance === undefined) return fetch(input, init);
    url.host = addressOf(instance);
    // A request is what a request is made of; the types of Node do not say so.
    return fetch(request === undefined ? url : new Request(url, request as RequestInit), init);
  };
}

/** What an interceptor sees of the handlers of `undici`. */
interface Handler {
  onError?(error: Error): void;
  onResponseError?(controller: unknown, error: Error): void;
}

interface Dispatched {
  origin?: string | URL | undefined;
}

type Dispatch<O extends Dispatched, H extends Handler> = (options: O, handler: H) => boolean;

/**
 * An interceptor for dispatchers of `undici`, which finds services by name:
 *
 * ```js
 * const dispatcher = new Agent().compose(serviceInterceptor(client.naming));
 * await fetch('http://orders/', { dispatcher });
 * ```
 *
 * @param naming finds them
 * @param options how
 */
export function serviceInterceptor(
  naming: NamingClient,
  options: DiscoveryOptions = {},
): <O extends Dispatched, H extends Handler>(dispatch: Dispatch<O, H>) => Dispatch<O, H> {
  return (dispatch) => (request, handler) => {
    const origin = new URL(String(request.origin));
    resolve(naming, origin.hostname, options).then(
      (instance) => {
        if (instance !== undefined) origin.host = addressOf(instance);
        dispatch({ ...request, origin: instance === undefined ? request.origin : origin.origin }, handler);
      },
      (error: unknown) => {
        if (handler.onResponseError !== undefined) handler.onResponseError(undefined, error as Error);
        else handler.onError?.(error as Error);
      },
    );
    return true;
  };
}
