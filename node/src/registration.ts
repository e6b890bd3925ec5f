/** Registering the process that answers at a port: for Express, Fastify, Nest and whatever else has a server of Node. */
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import type { Server } from 'node:net';

import type { NacreClient } from './client';
import { type Instance, type InstanceInit, type ServiceKey, type ServiceName, serviceKey } from './model';

/** What `registerServer` accepts. */
export interface RegisterServerOptions extends Partial<Omit<Instance, 'id' | 'service' | 'ip' | 'port'>> {
  /** The service. */
  readonly service: ServiceName;
  /** The address that others reach this machine at. Default the one that the server listens at, or the machine's first. */
  readonly ip?: string | undefined;
  /** The port that others reach the server at. Default the one that it listens at. */
  readonly port?: number | undefined;
}

/** A server that is registered. */
export interface Registration {
  /** The service. */
  readonly service: ServiceKey;
  /** The instance, as it was registered. */
  readonly instance: InstanceInit;
  /** Deregisters; call it before the server stops to take requests. May be called again. */
  deregister(): Promise<void>;
}

/** The first address of this machine that others can reach, or that of the machine itself. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
}

const ANY = new Set(['::', '0.0.0.0', '::ffff:0.0.0.0']);

/**
 * Registers a server as soon as it listens, and deregisters it when it is closed. Give it what `app.listen` of Express
 * returns, `app.server` of Fastify, or `app.getHttpServer()` of Nest.
 *
 * @param client the client
 * @param server the server
 * @param options the service, and what is said of the instance
 */
export async function registerServer(
  client: NacreClient,
  server: Server,
  options: RegisterServerOptions,
): Promise<Registration> {
  const { service, ip, port, ...rest } = options;
  if (!server.listening) await once(server, 'listening');
  const address = server.address();
  if (port === undefined && (address === null || typeof address === 'string')) {
    throw new TypeError('the server listens at no port: say which one others reach it at');
  }
  const listening = address !== null && typeof address === 'object' ? address : undefined;
  const bound = listening === undefined || ANY.has(listening.address) ? undefined : listening.address;
  const instance: InstanceInit = { ...rest, ip: ip ?? bound ?? ownAddress(), port: port ?? listening?.port ?? 0 };
  const key = serviceKey(service);
  await client.naming.register(key, instance);

  let deregistering: Promise<void> | undefined;
  const deregister = (): Promise<void> => {
    deregistering ??= client.closed ? Promise.resolve() : client.naming.deregister(key, instance);
    return deregistering;
  };
  server.once('close', () => {
    // Nobody waits for it here; a connection that is lost takes the instance with it.
    deregister().catch(() => undefined);
  });
  return { service: key, instance, deregister };
}
