// The public list of headrace/embedded: a topology of one's own in process.
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
