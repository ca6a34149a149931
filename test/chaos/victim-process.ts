import { ordersFromEnvironment, runVictim } from './victim.ts';

await runVictim(ordersFromEnvironment());
process.exit(0);
