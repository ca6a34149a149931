import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalState } from '../../../../src/log/kafka/state/local-state.ts';
import { Environment } from '../../../../src/storage/environment.ts';
import { nameOf } from './changelog-under-test.ts';

/** A local state in a directory of its own, to be closed and opened again as a restart does. */
export class LocalStateUnderTest {
  readonly path: string;
  #environment: Environment;
  local: LocalState;

  constructor(path = mkdtempSync(join(tmpdir(), 'headrace-local-state-'))) {
    this.path = path;
    this.#environment = Environment.open(path);
    this.local = new LocalState(this.#environment);
  }

  async restart(): Promise<void> {
    await this.#environment.close();
    this.#environment = Environment.open(this.path);
    this.local = new LocalState(this.#environment);
  }

  rows(group: string, stores: readonly string[], partitions: readonly number[]): ReadonlyMap<string, string> {
    const state = this.local.committed(group, () => {});
    const rows = new Map<string, string>();
    for (const store of stores) {
      for (const partition of partitions) {
        for (const [key, value] of state.partition(store, partition).range()) {
          rows.set(nameOf({ store, partition, key }), Buffer.from(value).toString());
        }
      }
    }
    return rows;
  }

  async remove(): Promise<void> {
    await this.#environment.close();
    rmSync(this.path, { recursive: true, force: true });
  }
}
