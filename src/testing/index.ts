/**
 * For the tests of topologies, in any test framework.
 *
 * @module headrace/testing
 */
export { type PipeOptions, TestInputTopic, TestOutputTopic, type TestRecord } from './test-topics.ts';
export { TopologyTestDriver, type TopologyTestDriverOptions } from './topology-test-driver.ts';
