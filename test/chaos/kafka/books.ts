import { keyValueStore, StreamsBuilder, stringSerde, type Topology } from 'headrace';

export const APPLICATION = 'chaos-kafka';
export const PARTITIONS = 4;
export const REGIONS = 5;

const strings = { key: stringSerde, value: stringSerde };

/** The region that an account ("a17") belongs to. */
export function regionOf(account: string): string {
  return `r${Number(account.slice(1)) % REGIONS}`;
}

/** "SEQUENCE,AMOUNT" per account becomes "SEQUENCE,COUNT,BALANCE" in `out`; per region, over a repartition, `totals` has "COUNT,SUM". */
export function books(): Topology {
  const builder = new StreamsBuilder();
  const booked = builder.stream('in', strings).process({
    name: 'book',
    stores: { balances: keyValueStore({ name: 'balances', key: stringSerde, value: stringSerde }) },
    key: stringSerde,
    value: stringSerde,
    processor: (context) => (account, value) => {
      const [sequence, amount] = value.split(',').map(Number);
      const [count, balance] = (context.stores.balances.get(account!) ?? '0,0').split(',').map(Number);
      const after = `${count! + 1},${balance! + amount!}`;
      context.stores.balances.put(account!, after);
      context.forward(account, `${sequence},${after},${amount}`);
    },
  });
  booked.to('out');
  booked
    .mapValues((value) => `1,${value.split(',')[3]}`, { value: stringSerde })
    .groupBy((account) => regionOf(account!), { name: 'by-region', ...strings })
    .reduce({ name: 'regions', reducer: added })
    .toStream()
    .to('totals');
  return builder.build();
}

function added(one: string, other: string): string {
  const [count, sum] = one.split(',').map(Number);
  const [moreCount, moreSum] = other.split(',').map(Number);
  return `${count! + moreCount!},${sum! + moreSum!}`;
}
