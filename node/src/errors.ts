/** Errors of calls, each with what a program can decide by. */
import type { Reader } from './wire';

/** The classes of failures. */
export type ErrorKind =
  | 'invalid_parameter'
  | 'not_found'
  | 'forbidden'
  | 'conflict'
  | 'unreachable'
  | 'timeout'
  | 'refused'
  | 'unsupported'
  | 'closed'
  | 'over_limit'
  | 'internal';

/** What every failure of a call says. `message` is for people and may change. */
export class NacreError extends Error {
  /** The class of the failure. */
  readonly kind: ErrorKind;
  /** The number that Nacos uses: positive when a server gave it or would have, negative when it arose here. */
  readonly code: number;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;

  /** @internal */
  constructor(kind: ErrorKind, code: number, retryable: boolean, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
    this.code = code;
    this.retryable = retryable;
  }

  /** Name of the class. */
  override get name(): string {
    return this.constructor.name;
  }
}

/** A name, a size or a combination of values is not allowed. */
export class InvalidParameterError extends NacreError {}
/** What the call names does not exist. */
export class NotFoundError extends NacreError {}
/** Not authenticated, or not allowed. */
export class ForbiddenError extends NacreError {}
/** The state on the server is another than the call expects. */
export class ConflictError extends NacreError {}
/** No server could be reached, or the connection was lost before the answer came. */
export class UnreachableError extends NacreError {}
/** The deadline passed. */
export class RequestTimeoutError extends NacreError {}
/** The server answered that it failed, for a reason that no other class names. */
export class RefusedError extends NacreError {}
/** The server does not offer this operation. */
export class UnsupportedError extends NacreError {}
/** The client was closed. */
export class ClientClosedError extends NacreError {}
/** A limit of the server or of the client was reached. */
export class OverLimitError extends NacreError {}
/** A defect. */
export class InternalError extends NacreError {}

/** The native library is missing or of another version; the text says what was tried and what to do. */
export class LibraryError extends Error {
  /** Name of the class. */
  override get name(): string {
    return 'LibraryError';
  }
}

type ErrorClass = new (
  kind: ErrorKind,
  code: number,
  retryable: boolean,
  message: string,
  options?: ErrorOptions,
) => NacreError;

/** By the number that the native library uses. */
const CLASSES: readonly (readonly [ErrorKind, ErrorClass])[] = [
  ['internal', InternalError],
  ['invalid_parameter', InvalidParameterError],
  ['not_found', NotFoundError],
  ['forbidden', ForbiddenError],
  ['conflict', ConflictError],
  ['unreachable', UnreachableError],
  ['timeout', RequestTimeoutError],
  ['refused', RefusedError],
  ['unsupported', UnsupportedError],
  ['closed', ClientClosedError],
  ['over_limit', OverLimitError],
  ['internal', InternalError],
];

/** Codes of what arises in the client. */
const OWN = -500;
const GONE = -401;

/** @internal Makes the error that the native library describes. */
export function readError(reader: Reader): NacreError {
  const [kind, Class] = CLASSES[reader.u8()] ?? CLASSES[0]!;
  const code = reader.i32();
  const retryable = reader.bool();
  return new Class(kind, code, retryable, reader.string());
}

/** @internal */
export function closedError(cause?: unknown): ClientClosedError {
  const options = cause === undefined ? undefined : { cause };
  return new ClientClosedError('closed', GONE, false, 'the client is closed', options);
}

/** @internal A defect on either side of the boundary. */
export function internalError(cause: unknown): InternalError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new InternalError('internal', OWN, false, `a defect in the client: ${text}`, { cause });
}

/** @internal */
export function invalid(message: string): InvalidParameterError {
  return new InvalidParameterError('invalid_parameter', 400, false, message);
}

/** Where a call was made, for the stack of its failure. */
export interface CallSite {
  stack?: string;
}

/** @internal Gives an error the stack of the call that failed. */
export function at<E extends Error>(error: E, site: CallSite): E {
  const frames = site.stack?.indexOf('\n    at ') ?? -1;
  if (site.stack !== undefined && frames >= 0) {
    error.stack = `${error.name}: ${error.message}${site.stack.slice(frames)}`;
  }
  return error;
}
