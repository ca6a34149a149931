/**
 * For the tests of topologies, in any test framework.
 *
 * @module headrace/testing
 */
export { describeFailure } from './simulation/describe-failure.ts';
export type { FinalLog, FinalRecord } from './simulation/final-log.ts';
export {
  drawScript,
  type Script,
  type SimulatedEvent,
  type SimulatedRates,
  type SimulatedStep,
  type TimedInput,
} from './simulation/script.ts';
export { type ShrinkOptions, type Shrunk, shrink } from './simulation/shrink.ts';
export { simulate, simulateScript } from './simulation/simulate.ts';
export {
  checkSeeds,
  type FailedRun,
  type SeedsOptions,
  type SeedsReport,
  simulateSeeds,
} from './simulation/simulate-seeds.ts';
export type {
  Draw,
  SimulatedApplication,
  SimulatedInput,
  Simulation,
  SimulationFailure,
  SimulationFigures,
  SimulationOptions,
  SimulationResult,
} from './simulation/simulation-options.ts';
export { type PipeOptions, TestInputTopic, TestOutputTopic, type TestRecord } from './test-topics.ts';
export { TopologyTestDriver, type TopologyTestDriverOptions } from './topology-test-driver.ts';
