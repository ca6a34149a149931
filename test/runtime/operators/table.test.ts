import { StreamsBuilder } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { describe, expect, it } from 'vitest';
import { text } from '../../text-serde.ts';

const serdes = { key: text, value: text };

describe('tables', () => {
  it('a stream joins the row of now; left keeps those without one', () => {
    const builder = new StreamsBuilder();
    const table = builder.table('table', { ...serdes, name: 'rows' });
    const stream = builder.stream('in', serdes);
    stream
      .join(
        table.mapValues((row) => row.toUpperCase()),
        (value, row) => `${value}/${row}`,
      )
      .to('inner', serdes);
    stream
      .leftJoin(
        table.filter((_key, row) => row !== 'hidden'),
        (value, row) => `${value}/${row}`,
      )
      .to('left', serdes);
    const driver = new TopologyTestDriver(builder.build());
    const rows = driver.inputTopic('table', serdes);
    const input = driver.inputTopic('in', serdes);
    input.pipe('a', '1');
    rows.pipe('a', 'x');
    input.pipe('a', '2');
    rows.pipe('a', 'hidden');
    input.pipe('a', '3');
    rows.pipe('a', null);
    input.pipe('a', '4');
    expect(driver.outputTopic('inner', serdes).readKeyValues()).toEqual([
      ['a', '2/X'],
      ['a', '3/HIDDEN'],
    ]);
    expect(driver.outputTopic('left', serdes).readKeyValues()).toEqual([
      ['a', '1/null'],
      ['a', '2/x'],
      ['a', '3/null'],
      ['a', '4/null'],
    ]);
  });

  it('toTable keeps the newest row and toStream sends every change', () => {
    const builder = new StreamsBuilder();
    builder
      .stream('in', serdes)
      .toTable({ name: 'rows' })
      .filter((_key, value) => value !== 'x')
      .toStream()
      .to('out');
    const driver = new TopologyTestDriver(builder.build());
    const input = driver.inputTopic('in', serdes);
    for (const value of ['y', 'x', 'z', null]) input.pipe('a', value);
    expect(driver.outputTopic('out', serdes).readKeyValues()).toEqual([
      ['a', 'y'],
      ['a', null],
      ['a', 'z'],
      ['a', null],
    ]);
    expect(driver.storeEntries('rows')).toEqual([]);
  });
});
