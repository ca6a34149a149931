/** The initial state of SipHash under a key of zeros: "somepseudorandomlygeneratedbytes". */
const INITIAL = [0x70736575, 0x736f6d65, 0x6e646f6d, 0x646f7261, 0x6e657261, 0x6c796765, 0x79746573, 0x74656462];
const ROUNDS_OF_WORD = 2;
const ROUNDS_AT_END = 4;

/**
 * SipHash-2-4 under a key of zeros (Aumasson and Bernstein, 2012), which is what ClickHouse's `sipHash64` gives of one String. It only adds, turns and
 * combines, so that halves of 32 bits do it here without bigints. The result stands in {@link low} and {@link high} until the next call.
 */
export class SipHash64 {
  /** Both without a sign. */
  low = 0;
  high = 0;

  hash(bytes: Uint8Array, from = 0, to = bytes.length): void {
    const length = to - from;
    const lastWord = from + (length & ~7);
    let [l0, h0, l1, h1, l2, h2, l3, h3] = INITIAL as unknown as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    for (let at = from; ; at += 8) {
      const isEnd = at > lastWord;
      let low = 0;
      let high = 0;
      if (at < lastWord) {
        low = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
        high = bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24);
      } else if (!isEnd) {
        high = length << 24;
        for (let i = lastWord; i < to; i++) {
          if (i - lastWord < 4) low |= bytes[i]! << (8 * (i - lastWord));
          else high |= bytes[i]! << (8 * (i - lastWord - 4));
        }
      }
      if (isEnd) l2 ^= 0xff;
      l3 ^= low;
      h3 ^= high;
      for (let round = isEnd ? ROUNDS_AT_END : ROUNDS_OF_WORD; round > 0; round--) {
        let sum = (l0 + l1) | 0;
        h0 = (h0 + h1 + (sum >>> 0 < l0 >>> 0 ? 1 : 0)) | 0;
        l0 = sum;
        let turned = (l1 << 13) | (h1 >>> 19);
        h1 = ((h1 << 13) | (l1 >>> 19)) ^ h0;
        l1 = turned ^ l0;
        turned = l0;
        l0 = h0;
        h0 = turned;
        sum = (l2 + l3) | 0;
        h2 = (h2 + h3 + (sum >>> 0 < l2 >>> 0 ? 1 : 0)) | 0;
        l2 = sum;
        turned = (l3 << 16) | (h3 >>> 16);
        h3 = ((h3 << 16) | (l3 >>> 16)) ^ h2;
        l3 = turned ^ l2;
        sum = (l0 + l3) | 0;
        h0 = (h0 + h3 + (sum >>> 0 < l0 >>> 0 ? 1 : 0)) | 0;
        l0 = sum;
        turned = (l3 << 21) | (h3 >>> 11);
        h3 = ((h3 << 21) | (l3 >>> 11)) ^ h0;
        l3 = turned ^ l0;
        sum = (l2 + l1) | 0;
        h2 = (h2 + h1 + (sum >>> 0 < l2 >>> 0 ? 1 : 0)) | 0;
        l2 = sum;
        turned = (l1 << 17) | (h1 >>> 15);
        h1 = ((h1 << 17) | (l1 >>> 15)) ^ h2;
        l1 = turned ^ l2;
        turned = l2;
        l2 = h2;
        h2 = turned;
      }
      if (isEnd) break;
      l0 ^= low;
      h0 ^= high;
    }
    this.low = (l0 ^ l1 ^ l2 ^ l3) >>> 0;
    this.high = (h0 ^ h1 ^ h2 ^ h3) >>> 0;
  }
}
