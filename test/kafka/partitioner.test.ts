import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { partitionFor } from '../../src/log/partitioner.ts';
import { seededRandom } from '../../src/random.ts';
import { kafkaClasspath, missingTools } from './provision.ts';

/** Prints the partition that the JVM's producer chooses for each line's key (base64) and number of partitions. */
const PROGRAM = `
import java.io.*;
import java.util.Base64;
import org.apache.kafka.common.utils.Utils;
public class Partitions {
  public static void main(String[] arguments) throws IOException {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    PrintStream out = new PrintStream(new BufferedOutputStream(System.out));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] parts = line.split(" ", -1);
      byte[] key = Base64.getDecoder().decode(parts[0]);
      out.println(Utils.toPositive(Utils.murmur2(key)) % Integer.parseInt(parts[1]));
    }
    out.flush();
  }
}
`;

const KEYS = 50_000;
const LENGTH_MAX = 300;
const missing = missingTools();

describe.skipIf(missing !== undefined && process.env.CI === undefined)('the partition of a key', () => {
  it('is the one that the JVM chooses, for any bytes of any length', { timeout: 120_000 }, async () => {
    const random = seededRandom(Date.now() % 1_000_000);
    const rows = Array.from({ length: KEYS }, (_, i) => {
      const key = Buffer.from(Array.from({ length: i % LENGTH_MAX }, () => random.below(256)));
      return { key, partitions: 1 + random.below(2_000) };
    });
    const folder = mkdtempSync(join(tmpdir(), 'headrace-murmur-'));
    try {
      const file = join(folder, 'Partitions.java');
      writeFileSync(file, PROGRAM);
      const input = rows.map(({ key, partitions }) => `${key.toString('base64')} ${partitions}\n`).join('');
      const out = execFileSync('java', ['-cp', await kafkaClasspath('4.1'), file], { input, maxBuffer: 2 ** 26 });
      const theirs = out.toString().trim().split('\n').map(Number);
      expect(rows.map(({ key, partitions }) => partitionFor(key, partitions))).toEqual(theirs);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
