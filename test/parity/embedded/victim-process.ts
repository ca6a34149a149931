import { readFileSync, writeSync } from 'node:fs';
import { runVictim, type VictimOrders } from './victim.ts';

try {
  await runVictim(JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as VictimOrders);
  process.exit(0);
} catch (error) {
  writeSync(2, (error as Error).message);
  process.exit(1);
}
