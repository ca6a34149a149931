import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { traffic } from '../../src/app/traffic/traffic.ts';
import { seededRandom } from '../../src/random.ts';

const DAY_MS = 86_400_000;
const DAYS = 365;
const CHUNK_LINES = 1_000;
const SEED = 7;

/** Writes transactions as `headrace start` generates them, spread evenly over a year, as NDJSON. The same for the same numbers. */
export async function writeInput(path: string, records: number, accounts: number): Promise<void> {
  const firstMs = Date.UTC(2025, 0, 1);
  let number = 0;
  const clock = () => firstMs + Math.floor((number / records) * DAYS * DAY_MS);
  const transactions = traffic({ random: seededRandom(SEED), clock, run: 'sizing', accounts });
  const file = createWriteStream(path);
  for (let lines: string[] = []; number < records; number++) {
    lines.push(JSON.stringify(transactions.next().value));
    if (lines.length < CHUNK_LINES && number + 1 < records) continue;
    if (!file.write(`${lines.join('\n')}\n`)) await once(file, 'drain');
    lines = [];
  }
  file.end();
  await once(file, 'close');
}
