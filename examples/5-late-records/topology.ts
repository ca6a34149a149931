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
  // A window takes records until a minute after its end, by the time of the records; then it is final.
  .windowedBy(TimeWindows.of({ sizeMs: HOUR_MS, graceMs: 60_000 }))
  .aggregate({
    name: 'hours',
    initializer: () => 0n,
    aggregator: (_account, { cents }, sum) => sum + BigInt(cents),
    value: int64Serde,
    emit: 'onWindowClose',
    late: (late) => late.to('payments.late', { key: stringSerde, value: paymentSerde }),
  })
  .toStream()
  .to('hourly-statements', { key: accountAndHour, value: int64Serde });
export const topology = builder.build();
