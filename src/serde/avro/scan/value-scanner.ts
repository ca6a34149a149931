import { HeadraceError } from '../../../errors.ts';
import type { RecordBatch } from '../../../log/record-batch.ts';
import { ID_BYTES, MAGIC_ID, readFrame, type SchemaReference, schemaIdAt } from '../framing.ts';
import type { AvroType } from '../schema.ts';
import type { SchemaRegistry } from '../schema-registry.ts';
import { haveSameLayout } from './same-layout.ts';
import { type ScanLayout, scanLayout } from './scan-layout.ts';
import { Scanner } from './scanner.ts';

/** Whether what was found in a value does not contradict itself; made once for a layout. */
export type ScannedCheck = (layout: ScanLayout) => (found: Scanner) => boolean;

/**
 * Scans the values of a topic that were written with its own schema, or one of the same layout. It never waits and never
 * throws: what it does not take is for the general reader.
 */
export class ValueScanner {
  readonly layout: ScanLayout;
  /** What it has found in the value that it took last. */
  readonly found: Scanner;
  readonly #schema: AvroType;
  readonly #registry: Pick<SchemaRegistry, 'writerSchema'>;
  readonly #isConsistent: (found: Scanner) => boolean;
  /** By id, which stands for the same schema for ever. */
  readonly #isOurs = new Map<number, boolean>();

  private constructor(parts: Parts, layout: ScanLayout) {
    this.layout = layout;
    this.found = new Scanner(layout);
    this.#schema = parts.schema;
    this.#registry = parts.registry;
    this.#isConsistent = parts.check?.(layout) ?? (() => true);
  }

  /** Undefined for a schema whose values can't be scanned (scan-layout.ts). */
  static of(parts: Parts): ValueScanner | undefined {
    const layout = scanLayout(parts.schema);
    return layout === undefined ? undefined : new ValueScanner(parts, layout);
  }

  /** False for a value that the general reader has to judge: a tombstone, JSON, another schema's, an unusual or a damaged one. */
  scan(batch: RecordBatch, index: number): boolean {
    const { bytes } = batch;
    let start = batch.valueStart(index);
    const end = start + batch.valueLength(index);
    if (batch.hasHeaders(index)) {
      const ofValue = this.#startBehindFrame(batch, index);
      if (ofValue < 0) return false;
      start += ofValue;
    } else {
      if (end - start < ID_BYTES || bytes[start] !== MAGIC_ID) return false;
      const id = schemaIdAt(bytes, start);
      if (!(this.#isOurs.get(id) ?? this.#isOurSchema({ id }))) return false;
      start += ID_BYTES;
    }
    return this.found.scan(bytes, start, end) && this.#isConsistent(this.found);
  }

  /** Headers may name the schema. -1 where it is none of ours. */
  #startBehindFrame(batch: RecordBatch, index: number): number {
    const value = batch.valueAt(index);
    if (value === null) return -1;
    try {
      const framed = readFrame(value, batch.headersAt(index));
      return framed !== undefined && this.#isOurSchema(framed.schema) ? framed.start : -1;
    } catch (error) {
      if (error instanceof HeadraceError) return -1;
      throw error;
    }
  }

  #isOurSchema(reference: SchemaReference): boolean {
    try {
      const isOurs = haveSameLayout(this.#registry.writerSchema(reference), this.#schema);
      if ('id' in reference) this.#isOurs.set(reference.id, isOurs);
      return isOurs;
    } catch (error) {
      // One that is not known, or not yet: the general reader says so.
      if (error instanceof HeadraceError) return false;
      throw error;
    }
  }
}

/** The scanner of a topic's values; undefined where they can't be scanned. Each call makes one, for one who uses it. */
export type ScannerOf = (topic: string) => ValueScanner | undefined;

interface Parts {
  readonly schema: AvroType;
  readonly registry: Pick<SchemaRegistry, 'writerSchema'>;
  readonly check?: ScannedCheck | undefined;
}
