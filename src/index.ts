/**
 * The public list of Headrace, written by hand: what is here is kept, what is not may change.
 *
 * @module headrace
 */

export type { CellValue, Column } from './clickhouse/clickhouse.ts';
export { deadLetterTable } from './clickhouse/dead-letter-table.ts';
export { type Cell, cells } from './clickhouse/field-table/cells.ts';
export { type FieldTableOptions, fieldTable } from './clickhouse/field-table/field-table.ts';
export type { GenericColumnOverride, GenericSinkDefinition } from './clickhouse/generic/generic-sink-definition.ts';
export {
  anyMinorField,
  columns,
  decimalsOf,
  exponentField,
  type Fields,
  fieldsOf,
  listField,
  minorField,
  momentField,
  objectField,
  optionalTextField,
  plainField,
  textField,
} from './clickhouse/sink-fields.ts';
export type { SinkRecord, SinkTable } from './clickhouse/sink-table.ts';
export type { Clock } from './clock.ts';
export { defineConfig, type HeadraceConfiguration } from './definitions/configuration.ts';
export { defineTopology, type TopicDefinition, type TopologyModule } from './definitions/topology-module.ts';
export { type ErrorCode, type ErrorPlace, HeadraceError } from './errors.ts';
export type { TopicConfig } from './log/log.ts';
export type { Headers } from './log/record.ts';
export { containsCardNumber, maskCardNumbers } from './privacy/card-numbers.ts';
export { isCardNumberAsAmount, withoutCardData } from './privacy/protect-transaction.ts';
export type {
  ErrorAnswer,
  ErrorHandler,
  ErrorHandlers,
  ErrorPolicy,
  ErrorRecord,
  ErrorStage,
} from './runtime/error-handlers.ts';
export type { SkippedRecords, SkipReason } from './runtime/skip-reason.ts';
export { countSerde } from './serde/count.ts';
export { currencyExponent } from './serde/currency.ts';
export { type Deadline, deadlineSerde } from './serde/deadline.ts';
export { jsonSerde } from './serde/json.ts';
export {
  type AmountRefusal,
  addMoney,
  compareMoney,
  formatMinorUnits,
  MINOR_UNITS_MAX,
  type Money,
  money,
  negateMoney,
  parseMinorUnits,
  subtractMoney,
} from './serde/money.ts';
export { bytesSerde, int64Serde, stringSerde } from './serde/primitives.ts';
export type { ExactSerde, Serde } from './serde/serde.ts';
export type { KeyValueStore } from './state/key-value-store.ts';
export type { SessionKeyValueStore, VersionedKeyValueStore, WindowedKeyValueStore } from './state/process-stores.ts';
export {
  type KeyValueStoreDefinition,
  keyValueStore,
  type ProcessStoreDefinition,
  type SessionStoreDefinition,
  sessionStore,
  type VersionedStoreDefinition,
  versionedStore,
  type WindowStoreDefinition,
  windowStore,
} from './state/store-definition.ts';
export type { Version } from './state/versioned-store.ts';
export { type Consumed, StreamsBuilder } from './streams/builder.ts';
export type { CachedOption } from './streams/cached.ts';
export type { CallAsyncOptions, CallRetryOptions } from './streams/call-async.ts';
export {
  CogroupedKStream,
  type CogroupOptions,
  type CogroupWindowOptions,
  SessionWindowedCogroupedKStream,
  TimeWindowedCogroupedKStream,
} from './streams/cogrouped.ts';
export type { ForeignKeyJoinOptions } from './streams/foreign-key-join.ts';
export { GlobalKTable } from './streams/global-table.ts';
export { type AggregateOptions, type Grouped, KGroupedStream } from './streams/grouped.ts';
export { type GroupedTable, KGroupedTable, type TableAggregateOptions } from './streams/grouped-table.ts';
export type {
  InvariantInputs,
  InvariantOptions,
  InvariantStores,
  InvariantTopics,
  InvariantView,
} from './streams/invariant.ts';
export { JoinWindows } from './streams/join-windows.ts';
export type { LateOptions } from './streams/late-records.ts';
export type { KnownSerdes } from './streams/partitioned-by-key.ts';
export type {
  ForwardOptions,
  Processor,
  ProcessorContext,
  PunctuationOptions,
  RecordContext,
} from './streams/processor.ts';
export { type SessionAggregateOptions, SessionWindowedKStream } from './streams/session-windowed.ts';
export { KStream, type Named, type ProcessOptions } from './streams/stream.ts';
export type { StreamJoinOptions } from './streams/stream-stream-join.ts';
export type { TableJoinOptions } from './streams/stream-table-join.ts';
export type { SuppressOptions, SuppressUntilTimeLimit, SuppressUntilWindowCloses } from './streams/suppress.ts';
export { KTable } from './streams/table.ts';
export type { TableOptions } from './streams/table-store.ts';
export { TimeWindowedKStream } from './streams/time-windowed.ts';
export type { AsyncCall } from './streams/topology/call-node.ts';
export type {
  InvariantChange,
  InvariantRecord,
  InvariantStore,
  OnBreach,
  TopicSerdes,
} from './streams/topology/invariants.ts';
export type { ExtractedRecord, Partitioning, TimestampExtractor } from './streams/topology/nodes.ts';
export { Topology } from './streams/topology/topology.ts';
export type { TtlOption } from './streams/ttl.ts';
export type { WindowedOptions } from './streams/windowed-options.ts';
export { sessionWindowedSerde, timeWindowedSerde } from './streams/windowed-serde.ts';
export {
  type Emit,
  SessionWindows,
  SlidingWindows,
  TimeWindows,
  type Window,
  type Windowed,
} from './streams/windows.ts';
