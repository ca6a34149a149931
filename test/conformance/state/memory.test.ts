import { describe } from 'vitest';
import { MemoryState } from '../../../src/testing/memory-state.ts';
import { stateCases } from './state-cases.ts';

describe('stores over state in memory', () => {
  stateCases(async () => {
    const state = new MemoryState();
    return {
      partition: (store, partition) => state.partition(store, partition),
      commit: async (changes) => state.apply(changes),
      crash: async () => {},
      dispose: async () => {},
    };
  });
});
