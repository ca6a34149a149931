import { corrections } from './corrections.ts';
import { loadKafkajs } from './kafkajs-package.ts';

/** The one copy of kafkajs with all corrections; modules are loaded when first asked for. */
export const loadCorrected = loadKafkajs(corrections);
