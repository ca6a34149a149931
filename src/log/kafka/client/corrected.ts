import { corrections } from './corrections.ts';
import { type LoadModule, loadKafkajs } from './kafkajs-package.ts';

let loader: LoadModule | undefined;

/**
 * A module of the one copy of kafkajs with all corrections. The first call checks what is installed and throws
 * KAFKA_CLIENT_UNSUPPORTED where it is not what the corrections were written for: programs that never reach for Kafka never know.
 */
export function loadCorrected(path: string): unknown {
  loader ??= loadKafkajs(corrections);
  return loader(path);
}
