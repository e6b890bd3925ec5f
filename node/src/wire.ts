/** The encoding of what crosses to the native library; `bindings/common/src/wire.rs` describes it. */

/** Reads an encoded value from its beginning. */
export class Reader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  private advance(length: number): number {
    const from = this.at;
    this.at = from + length;
    if (this.at > this.bytes.length) throw new RangeError('an answer of the native library is too short');
    return from;
  }

  u8(): number {
    return this.bytes[this.advance(1)]!;
  }

  bool(): boolean {
    return this.u8() !== 0;
  }

  i32(): number {
    return this.bytes.readInt32BE(this.advance(4));
  }

  /** A number of 64 bits that is small enough for JavaScript: a count, a time. */
  number(): number {
    const from = this.advance(8);
    return this.bytes.readInt32BE(from) * 0x1_0000_0000 + this.bytes.readUInt32BE(from + 4);
  }

  /** A key of the native library. */
  key(): bigint {
    return this.bytes.readBigUInt64BE(this.advance(8));
  }

  f64(): number {
    return this.bytes.readDoubleBE(this.advance(8));
  }

  count(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const part = this.u8();
      value += (part & 0x7f) * factor;
      if (part < 0x80) return value;
    }
  }

  /** The rest of a nested value, without a copy. */
  nested(): Reader {
    const length = this.count();
    const from = this.advance(length);
    return new Reader(this.bytes.subarray(from, from + length));
  }

  string(): string {
    const length = this.count();
    const from = this.advance(length);
    return length === 0 ? '' : this.bytes.toString('utf8', from, from + length);
  }

  optional<T>(read: (reader: Reader) => T): T | undefined {
    return this.bool() ? read(this) : undefined;
  }

  optionalString(): string | undefined {
    return this.bool() ? this.string() : undefined;
  }

  list<T>(read: (reader: Reader) => T): T[] {
    const list: T[] = [];
    for (let left = this.count(); left > 0; left--) list.push(read(this));
    return list;
  }

  strings(): string[] {
    return this.list((reader) => reader.string());
  }

  map(): Record<string, string> {
    const map: Record<string, string> = {};
    for (let left = this.count(); left > 0; left--) {
      const name = this.string();
      const value = this.string();
      if (name === '__proto__') {
        Object.defineProperty(map, name, { value, enumerable: true, configurable: true, writable: true });
      } else {
        map[name] = value;
      }
    }
    return map;
  }
}

/** Writes an encoded value. */
export class Writer {
  private bytes = Buffer.allocUnsafe(256);
  private length = 0;

  /** Makes room, perhaps in another buffer, and tells where. */
  private grow(more: number): number {
    const from = this.length;
    this.length += more;
    if (this.length > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.length, this.bytes.length * 2));
      this.bytes.copy(larger, 0, 0, from);
      this.bytes = larger;
    }
    return from;
  }

  toBytes(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  u8(value: number): this {
    const at = this.grow(1);
    this.bytes[at] = value;
    return this;
  }

  bool(value: boolean): this {
    return this.u8(value ? 1 : 0);
  }

  i32(value: number): this {
    const at = this.grow(4);
    this.bytes.writeInt32BE(value, at);
    return this;
  }

  /** A whole number as 64 bits: a duration in milliseconds. */
  number(value: number): this {
    const at = this.grow(8);
    this.bytes.writeBigInt64BE(BigInt(value), at);
    return this;
  }

  key(value: bigint): this {
    const at = this.grow(8);
    this.bytes.writeBigUInt64BE(value, at);
    return this;
  }

  f64(value: number): this {
    const at = this.grow(8);
    this.bytes.writeDoubleBE(value, at);
    return this;
  }

  count(value: number): this {
    let rest = value;
    while (rest >= 0x80) {
      this.u8((rest & 0x7f) | 0x80);
      rest = Math.floor(rest / 128);
    }
    return this.u8(rest);
  }

  string(value: string): this {
    const length = Buffer.byteLength(value);
    this.count(length);
    const at = this.grow(length);
    this.bytes.write(value, at, length, 'utf8');
    return this;
  }

  optional<T>(value: T | undefined, write: (writer: this, value: T) => unknown): this {
    this.bool(value !== undefined);
    if (value !== undefined) write(this, value);
    return this;
  }

  optionalString(value: string | undefined): this {
    return this.optional(value, (writer, text) => writer.string(text));
  }

  list<T>(values: readonly T[], write: (writer: this, value: T) => unknown): this {
    this.count(values.length);
    for (const value of values) write(this, value);
    return this;
  }

  strings(values: readonly string[]): this {
    return this.list(values, (writer, value) => writer.string(value));
  }

  map(values: Readonly<Record<string, string>>): this {
    return this.list(Object.entries(values), (writer, [name, value]) => writer.string(name).string(value));
  }
}
