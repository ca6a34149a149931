import { currencyExponent, HeadraceError, jsonSerde, parseMinorUnits, StreamsBuilder, stringSerde } from 'headrace';

export interface Payment {
  /** Decimal text with exactly the currency's decimals. */
  readonly amount: string;
  /** ISO 4217. */
  readonly currency: string;
}

export const paymentSerde = jsonSerde<Payment>();

/** Throws for what is no amount: the record becomes a dead letter, and those after it go on. */
export function minorUnitsOf({ amount, currency }: Payment): bigint {
  const exponent = currencyExponent(currency);
  if (exponent === undefined) throw new HeadraceError('CURRENCY_UNKNOWN', `${currency} is no currency`);
  const minor = parseMinorUnits(amount, exponent);
  if (typeof minor !== 'bigint')
    throw new HeadraceError('AMOUNT_INVALID', `${amount} is no amount of ${currency} (${minor})`);
  return minor;
}

const builder = new StreamsBuilder();
builder
  .stream('payments', { key: stringSerde, value: paymentSerde })
  .mapValues((payment) => `${minorUnitsOf(payment)} of ${payment.currency}`)
  .to('minor-units', { key: stringSerde, value: stringSerde });
export const topology = builder.build();
