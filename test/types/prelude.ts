/** Before each piece. */
export const PRELUDE = `
import {
  addMoney, compareMoney, countSerde, type GlobalKTable, int64Serde, JoinWindows, jsonSerde, type KGroupedStream, type KStream, type KTable, keyValueStore,
  type Money, money, SessionWindows, type Serde, SlidingWindows, StreamsBuilder, stringSerde, subtractMoney, TimeWindows, versionedStore, windowStore,
} from 'headrace';

interface Payment { readonly account: string; readonly amount: Money<'EUR'> }
interface Refund { readonly account: string; readonly amount: Money<'EUR'>; readonly of: string }

declare const paymentSerde: Serde<Payment>;
declare const refundSerde: Serde<Refund>;
declare const payments: KStream<string, Payment>;
declare const refunds: KStream<string, Refund>;
declare const byNumber: KStream<number, string>;
declare const accounts: KTable<string, { readonly owner: string }>;
declare const branches: KTable<number, string>;
declare const grouped: KGroupedStream<string, Payment>;
declare const groupedRefunds: KGroupedStream<string, Refund>;
declare const rates: GlobalKTable<string, number>;
const near = JoinWindows.of({ timeDifferenceMs: 5, graceMs: 0 });
declare const euros: Money<'EUR'>;
declare const crowns: Money<'CZK'>;
const builder = new StreamsBuilder();
const hour = { sizeMs: 3_600_000, graceMs: 0 };
`;
