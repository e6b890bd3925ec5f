/** Lines of the native library on their way to a logger of the program. */
import type { Reader } from './wire';

/** How much is logged. */
export type LogLevel = 'off' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/** A line of the log. */
export interface LogRecord {
  /** How grave it is. */
  readonly level: Exclude<LogLevel, 'off'>;
  /** When it was written. */
  readonly time: Date;
  /** The part that wrote it. */
  readonly target: string;
  /** Text and fields. */
  readonly message: string;
}

/** What takes lines: a function, or an object such as `console` or a pino logger. */
export type Logger = ((record: LogRecord) => void) | LeveledLogger;

/** An object with a method for each level, such as `console`. */
export interface LeveledLogger {
  /** Takes an error. */
  error(message: string): void;
  /** Takes a warning. */
  warn(message: string): void;
  /** Takes what is good to know. */
  info(message: string): void;
  /** Takes details. */
  debug(message: string): void;
}

const LEVELS: readonly LogLevel[] = ['off', 'error', 'warn', 'info', 'debug', 'trace'];

let logger: Logger | undefined;
let level: LogLevel = 'off';
let changed: ((level: number) => void) | undefined;

/**
 * Sends the lines of the library to a logger, from this thread on, in place of the one before. Without one nothing is
 * logged. The lines are those of all clients of the process.
 *
 * @param to the logger; undefined for none
 * @param upTo the least grave level that is wanted
 */
export function setLogger(to: Logger | undefined, upTo: LogLevel = 'info'): void {
  if (!LEVELS.includes(upTo)) throw new TypeError(`there is no level ${upTo}`);
  if (to !== undefined && typeof to !== 'function' && (typeof to !== 'object' || to === null)) {
    throw new TypeError('a logger is a function or an object with error, warn, info and debug');
  }
  logger = to;
  level = to === undefined ? 'off' : upTo;
  changed?.(LEVELS.indexOf(level));
}

/** @internal Says who sets the level of the native library; it is told the present one if there is a logger. */
export function onLevel(listener: (level: number) => void): void {
  changed = listener;
  if (logger !== undefined) listener(LEVELS.indexOf(level));
}

/** @internal */
export function log(record: LogRecord): void {
  if (logger === undefined || LEVELS.indexOf(record.level) > LEVELS.indexOf(level)) return;
  try {
    if (typeof logger === 'function') {
      logger(record);
    } else {
      const method = record.level === 'trace' ? 'debug' : record.level;
      logger[method](`${record.target}: ${record.message}`);
    }
  } catch {
    // A logger that fails must not stop what is logged.
  }
}

/** @internal */
export function warn(message: string): void {
  log({ level: 'warn', time: new Date(), target: 'nacre-client', message });
}

/** @internal Reads what `poll` gives of the log. */
export function readLines(reader: Reader): void {
  const dropped = reader.number();
  if (dropped > 0) warn(`${dropped} lines of the log were dropped`);
  reader.list((line) => {
    const level = LEVELS[line.u8()] as LogRecord['level'];
    const time = new Date(line.number());
    const target = line.string();
    log({ level, time, target, message: line.string() });
  });
}
