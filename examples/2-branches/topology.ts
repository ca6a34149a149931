import { jsonSerde, StreamsBuilder, stringSerde } from 'headrace';

export interface Payment {
  readonly cents: number;
  readonly currency: string;
}

export const paymentSerde = jsonSerde<Payment>();
const serdes = { key: stringSerde, value: paymentSerde };

const builder = new StreamsBuilder();
const { foreign, large, rest } = builder
  .stream('payments', serdes)
  .filter((_account, { cents }) => cents > 0)
  // A record goes to the first branch that takes it, else to the rest.
  .split({
    foreign: (_account, { currency }) => currency !== 'EUR',
    large: (_account, { cents }) => cents >= 10_000_00,
  });
foreign.to('payments.foreign', serdes);
large.to('payments.large', serdes);
rest
  .mapValues(({ cents }) => `${(cents / 100).toFixed(2)} EUR`)
  .to('payments.plain', { key: stringSerde, value: stringSerde });
export const topology = builder.build();
