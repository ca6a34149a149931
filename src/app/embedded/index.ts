/**
 * The public list of headrace/embedded, written by hand: a topology of one's own in process.
 *
 * @module headrace/embedded
 */
export type { RecordPosition } from '../../log/record.ts';
export type { CallFigures } from '../../runtime/async/call-figures.ts';
export type { CommitStep, OnCommitStep } from '../../runtime/commit.ts';
export type { KeyValueQueries, KeyValueRow, TableRow } from '../../runtime/queries/key-value-queries.ts';
export type { OpenStoreOptions, QueriedKind, QueriesByKind, StoreQueries } from '../../runtime/queries/open-store.ts';
export type { KeyRange, TimeRange } from '../../runtime/queries/query-range.ts';
export type { SessionQueries } from '../../runtime/queries/session-queries.ts';
export type { VersionedQueries } from '../../runtime/queries/versioned-queries.ts';
export type { WindowQueries, WindowRow } from '../../runtime/queries/window-queries.ts';
export {
  type Discard,
  type ParkedPlace,
  parkedPlaceOf,
  replayRecord,
  type StoredLetter,
} from '../../runtime/replay.ts';
export type { WorkerMetrics } from '../../runtime/worker-options.ts';
export type { Version } from '../../state/versioned-store.ts';
export {
  EmbeddedApplication,
  type EmbeddedApplicationOptions,
  type EmbeddedRecord,
  type EmbeddedTopicOptions,
} from './embedded-application.ts';
export type {
  EmbeddedTopic,
  FollowOptions,
  NewEmbeddedRecord,
  ReadOptions,
  StoredEmbeddedRecord,
} from './embedded-topic.ts';
