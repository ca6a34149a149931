import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { families } from './generate/families.ts';
import { generate } from './generate/generate.ts';
import { Oracle } from './oracle.ts';
import { hasNoInternalTopic } from './partitioned.ts';

const HELP = `node scripts/run.mjs test/parity/make.ts --to DIR [options]

Draws scenarios and has Kafka Streams run them; needs Java, and Maven where the oracle was not built yet.

  --family F      one of ${Object.keys(families).join(', ')} (all)
  --seed S        the first seed (1)
  --count N       scenarios of each family (10)
  --steps N       steps of the input (45)
  --partitions N  over several partitions, with as many keys as fill them; those with internal topics are left out (1)
`;

const HERE = new URL('.', import.meta.url);
const SOURCE = new URL(HERE.pathname.endsWith('/dist/test/parity/') ? '../../../test/parity/' : './', HERE);
/** Enough for four partitions, two or three in each. */
const MANY_KEYS = [...'abcdefghijkl'];

/** Draws for each scenario wanted: not all of a family may do. */
const DRAWS_MAX = 20;

const option = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    to: option,
    family: option,
    seed: { ...option, default: '1' },
    count: { ...option, default: '10' },
    steps: { ...option, default: '45' },
    partitions: { ...option, default: '1' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help || values.to === undefined) {
  process.stdout.write(HELP);
  process.exit(values.help ? 0 : 2);
}
const oracle = Oracle.find(fileURLToPath(new URL('./oracle', SOURCE)));
if ('problem' in oracle) {
  process.stderr.write(`headrace: the oracle cannot be asked: ${oracle.problem}\n`);
  process.exit(1);
}
mkdirSync(values.to, { recursive: true });
const partitions = Number(values.partitions);
const files: string[] = [];
for (const family of values.family?.split(',') ?? Object.keys(families)) {
  let wanted = Number(values.count);
  const first = Number(values.seed);
  for (let seed = first; wanted > 0 && seed < first + Number(values.count) * DRAWS_MAX; seed++) {
    const several = partitions === 1 ? {} : { keys: MANY_KEYS, keepsKeys: true };
    const { name, ...scenario } = generate({ family, seed, steps: Number(values.steps), ...several });
    if (partitions > 1 && !hasNoInternalTopic({ name, ...scenario, expected: [] })) continue;
    const file = join(values.to, `${name}.json`);
    writeFileSync(file, JSON.stringify(scenario));
    files.push(file);
    wanted--;
  }
}
const refused = oracle.complete(files, partitions);
for (const file of refused) rmSync(file);
process.stdout.write(`${files.length - refused.length} made, ${refused.length} refused by Kafka Streams\n`);
