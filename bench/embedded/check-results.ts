import { HeadraceError } from '../../src/errors.ts';
import type { Log } from '../../src/log/log.ts';
import { amountOf, kindOf, PARTITIONS, recordKeyOf, type Workload } from '../workloads.ts';

/** A measurement of wrong results is worth nothing: every output record is counted, every final balance compared. */
export async function checkResults(
  log: Log,
  topic: string,
  workload: Workload,
  processed: number,
  records: number,
  accounts: number,
): Promise<void> {
  const due = workload === 'join' ? 2 * records : records;
  require(processed === due, `processed ${processed} of ${due} records`);
  let written = 0;
  const last = new Map<string, DataView>();
  /** The ids of what was joined. */
  const pairs = new Set<bigint>();
  for (let partition = 0; partition < PARTITIONS; partition++) {
    let offset = 0;
    for (
      let batch = await log.read(topic, partition, offset);
      batch !== null;
      batch = await log.read(topic, partition, offset)
    ) {
      for (let i = 0; i < batch.length; i++) {
        written++;
        const value = batch.valueAt(i)!;
        if (workload === 'join') pairs.add(new DataView(value.buffer, value.byteOffset).getBigInt64(0));
        if (workload === 'balances')
          last.set(
            Buffer.from(batch.keyAt(i)!).toString(),
            new DataView(value.buffer, value.byteOffset, value.byteLength),
          );
      }
      offset = batch.offsetAt(batch.length - 1) + 1;
    }
  }
  if (workload === 'stateless') {
    let expected = 0;
    for (let i = 0; i < records; i++) if (kindOf(i) !== 3) expected++;
    require(written === expected, `${written} records were written, ${expected} were due`);
    return;
  }
  if (workload === 'join') {
    require(written === records && pairs.size === records, `${written} pairs were written, ${records} were due`);
    return;
  }
  require(written === records, `${written} updates were written, ${records} were due`);
  const sums = new Map<string, number>();
  for (let i = 0; i < records; i++) {
    const key = recordKeyOf(i, accounts);
    sums.set(key, (sums.get(key) ?? 0) + amountOf(i));
  }
  require(sums.size === last.size, `${last.size} accounts have a balance, ${sums.size} were due`);
  for (const [key, sum] of sums) {
    require(last.get(key)?.getBigInt64(0) ===
      BigInt(sum), `the balance of ${key} is ${last.get(key)?.getBigInt64(0)}, ${sum} was due`);
  }
}

function require(condition: boolean, finding: string): void {
  if (!condition) throw new HeadraceError('PROCESSING_FAILED', `The workload's result is wrong: ${finding}`);
}
