import { int64Serde, jsonSerde, StreamsBuilder, stringSerde, TimeWindows, timeWindowedSerde } from 'headrace';

export interface Payment {
  readonly cents: number;
}

const HOUR_MS = 3_600_000;

export const paymentSerde = jsonSerde<Payment>();
export const accountAndHour = timeWindowedSerde(stringSerde, HOUR_MS);

const builder = new StreamsBuilder();
builder
  .stream('payments', { key: stringSerde, value: paymentSerde })
  .groupByKey()
  .windowedBy(TimeWindows.of({ sizeMs: HOUR_MS, graceMs: 60_000 }))
  // Whole numbers of any size are bigints: money is never a floating-point number.
  .aggregate({
    name: 'spent-in-an-hour',
    initializer: () => 0n,
    aggregator: (_account, { cents }, sum) => sum + BigInt(cents),
    value: int64Serde,
  })
  .toStream()
  .to('spent-per-hour', { key: accountAndHour, value: int64Serde });
export const topology = builder.build();
