import { type KafkaRelease, kafkaClasspath, kafkaReleases, missingTools } from './provision.ts';

/** Brings Apache Kafka before the tests, so that no test's limit holds a download, and no two workers fetch the same. */
export default async function setup(): Promise<void> {
  if (missingTools() !== undefined) return;
  for (const release of Object.keys(kafkaReleases) as KafkaRelease[]) {
    await kafkaClasspath(release, (text) => process.stdout.write(`${text}\n`));
  }
}
