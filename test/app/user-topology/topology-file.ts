import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** What a file of a user's begins with. */
export const BEGIN = `import { countSerde, defineTopology, stringSerde, StreamsBuilder } from 'headrace';
const texts = { key: stringSerde, value: stringSerde };
const builder = new StreamsBuilder();
`;

/** Writes files into a folder of their own, which goes with the test; returns the path of a name in it. */
export function topologyFolder(files: Readonly<Record<string, string>> = {}): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'headrace-topology-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return (name) => join(folder, name);
}
