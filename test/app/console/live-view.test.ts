import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveView, type ViewFrame } from '../../../src/app/console/live-view.ts';

const ESCAPE = '\u001b';
const frame = (processed: number, more: Partial<ViewFrame> = {}): ViewFrame => ({
  status: {
    processed,
    deadLetters: 0,
    parked: 0,
    commits: 12,
    aborts: 0,
    lag: 3,
    sinkRows: 40,
    sinkLag: 5,
    sinkError: undefined,
  },
  taken: processed,
  accepted: processed,
  rejected: {},
  totals: [['EUR', '1234.5']],
  rowsInClickHouse: 1_234,
  withdrawals: { states: [], openCases: 0, held: [] },
  address: 'http://127.0.0.1:8080',
  ...more,
});

/** What a view writes, and a clock that only the test moves. */
function setUp(stream: { readonly isTTY?: boolean; readonly columns?: number }) {
  let now = 0;
  const written: string[] = [];
  const target = { ...stream, write: (text: string) => written.push(text) };
  const view = new LiveView(target as unknown as NodeJS.WriteStream, () => now);
  return {
    view,
    written,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
  };
}

describe('the view off a terminal', () => {
  it('says a line every five seconds, in plain text', () => {
    const { view, written, pass } = setUp({});
    for (let second = 0; second <= 10; second++) {
      view.show(frame(second * 200));
      pass(1_000);
    }
    view.close();
    expect(written.length).toBeGreaterThanOrEqual(2);
    expect(written.length).toBeLessThanOrEqual(3);
    expect(written.join('')).not.toContain(ESCAPE);
    expect(written.at(-1)).toBe('200/s, 2,000 accepted, 0 refused, lag 3, 1,234 rows in ClickHouse (lag 5)\n');
  });

  it('says how many withdrawals and open cases there are', () => {
    const { view, written, pass } = setUp({});
    pass(5_000);
    view.show(frame(1, { withdrawals: { states: [['DISPENSED', 1_200]], openCases: 3, held: [] } }));
    expect(written.at(-1)).toMatch(/\(lag 5\), 1,200 withdrawals, 3 open cases\n$/);
  });

  it('says what keeps ClickHouse away', () => {
    const { view, written, pass } = setUp({});
    pass(5_000);
    const { status } = frame(1);
    view.show(frame(1, { status: { ...status, sinkError: 'no room' }, rejected: { DUPLICATE: 2, CONFLICT: 1 } }));
    expect(written.at(-1)).toMatch(/3 refused.*ClickHouse: no room\n$/);
  });
});

describe('the view on a terminal', () => {
  beforeEach(() => vi.stubEnv('NO_COLOR', undefined));
  afterEach(() => vi.unstubAllEnvs());

  it('draws a block in place, and gives the cursor back', () => {
    const { view, written, pass } = setUp({ isTTY: true, columns: 80 });
    view.show(frame(0));
    pass(500);
    view.show(frame(100));
    view.close();
    expect(written[0]).toBe(`${ESCAPE}[?25l`);
    const lines = written[1]!.split('\n').length - 1;
    expect(written[2]!.startsWith(`${ESCAPE}[${lines}A`)).toBe(true);
    expect(written[2]).toContain('(200/s)');
    expect(written.at(-1)).toBe(`${ESCAPE}[?25h`);
  });

  it('clears the lines that a shorter block leaves', () => {
    const { view, written } = setUp({ isTTY: true, columns: 80 });
    view.show(
      frame(0, {
        totals: [
          ['EUR', '1'],
          ['USD', '2'],
          ['GBP', '3'],
        ],
      }),
    );
    view.show(frame(0));
    view.show(frame(0));
    const [first, second, third] = written.slice(1).map((text) => text.split('\n').length - 1);
    expect(second).toBe(first);
    // As many lines as were drawn before are gone up over, so the block never wanders.
    expect(written[3]!.startsWith(`${ESCAPE}[${second}A`)).toBe(true);
    expect(third).toBe(first);
  });

  it('cuts lines at the edge, colours not counted', () => {
    const { view, written } = setUp({ isTTY: true, columns: 30 });
    view.show(frame(0, { rejected: { INSUFFICIENT_FUNDS: 1_000, DUPLICATE: 20, CURRENCY_UNKNOWN: 5 } }));
    const visible = written[1]!.replaceAll(new RegExp(`${ESCAPE}\\[[0-9;?]*[a-zA-Z]`, 'g'), '').split('\n');
    expect(Math.max(...visible.map((line) => line.length))).toBe(30);
    expect(visible.some((line) => line.includes('INSUFFICIENT'))).toBe(true);
  });

  it('shows where the withdrawals are, in lines that fit, once there are any', () => {
    vi.stubEnv('NO_COLOR', '1');
    const { view, written } = setUp({ isTTY: true, columns: 60 });
    view.show(frame(0));
    expect(written[1]).not.toContain('withdrawals');
    const states = [
      ['REQUESTED', 1],
      ['AUTHORISED', 22],
      ['DISPENSED', 3_333],
      ['REVERSED', 44],
    ] as const;
    view.show(frame(0, { withdrawals: { states, openCases: 2, held: [['EUR', '1234.5']] } }));
    const lines = written[2]!.replaceAll(`${ESCAPE}[K`, '').split('\n');
    const from = lines.findIndex((line) => line.includes('withdrawals'));
    expect(lines.slice(from, from + 4)).toEqual([
      '  withdrawals   REQUESTED 1, AUTHORISED 22, DISPENSED 3,333,',
      '                REVERSED 44',
      '  held          EUR 1234.5',
      '  open cases    2  (headrace cases list)',
    ]);
  });

  it('has no colour where NO_COLOR stands', () => {
    vi.stubEnv('NO_COLOR', '1');
    const { view, written } = setUp({ isTTY: true, columns: 80 });
    view.show(frame(0));
    expect(written[1]).not.toMatch(new RegExp(`${ESCAPE}\\[[0-9;]*m`));
  });
});
