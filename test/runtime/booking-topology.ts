import {
  type InvariantView,
  int64Serde,
  type KStream,
  keyValueStore,
  type OnBreach,
  StreamsBuilder,
  stringSerde,
  type TopicSerdes,
} from 'headrace';

export const texts = { key: stringSerde, value: stringSerde };
export const legs = { key: stringSerde, value: int64Serde };
export const balances = keyValueStore({ name: 'balances', key: stringSerde, value: int64Serde });

/** What a value such as "a:5 b:-5" says is to be booked. */
export function legsOf(value: string): readonly (readonly [string, bigint])[] {
  return value
    .split(' ')
    .filter((leg) => leg.includes(':'))
    .map((leg) => leg.split(':') as [string, string])
    .map(([account, amount]) => [account, BigInt(amount)]);
}

/**
 * Books what the records of `in` say: each leg goes to the topic `legs` and to the store `balances`, and nobody checks anything. The
 * word `crash` fails the record in the operator, after all was booked; `undo` deletes the accounts that it names.
 */
export function booking(): { readonly builder: StreamsBuilder; readonly input: KStream<string, string> } {
  const builder = new StreamsBuilder();
  const input = builder.stream('in', texts);
  input
    .process({
      name: 'book',
      stores: { balances },
      key: stringSerde,
      value: int64Serde,
      processor: (context) => (_key, value) => {
        for (const [account, amount] of legsOf(value!)) {
          context.stores.balances.put(account, (context.stores.balances.get(account) ?? 0n) + amount);
          context.forward(account, amount);
          if (value!.includes('undo')) context.stores.balances.delete(account);
        }
        if (value!.includes('crash')) throw new RangeError('planted');
      },
    })
    .to('legs', legs);
  return { builder, input };
}

type Legs = { readonly legs: TopicSerdes<string, bigint> };

export function sumsToZero({ forwarded }: InvariantView<unknown, Legs>): true | string {
  const sum = forwarded.legs.reduce((total, { value }) => total + value!, 0n);
  return sum === 0n || `the legs sum to ${sum}`;
}

/** The same with the invariant that legs sum to zero. */
export function checkedBooking(onBreach?: OnBreach) {
  const { builder } = booking();
  builder.invariant('sum-to-zero', {
    topics: { legs },
    holds: sumsToZero,
    ...(onBreach === undefined ? {} : { onBreach }),
  });
  return builder.build();
}
