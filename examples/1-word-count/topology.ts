import { countSerde, StreamsBuilder, stringSerde } from 'headrace';

const builder = new StreamsBuilder();
builder
  .stream('words', { key: stringSerde, value: stringSerde })
  .groupBy((_key, word) => word, { name: 'by-word', key: stringSerde, value: stringSerde })
  .count({ name: 'counts' })
  .toStream()
  .to('word-counts', { key: stringSerde, value: countSerde });
export const topology = builder.build();
