import { type Command, Option } from 'commander';
import { repeated } from './numbers.ts';

export interface InputOptionValues {
  readonly format?: 'ndjson' | 'csv';
  readonly map?: readonly string[];
  readonly set?: readonly string[];
}

/** The options that say how to read a file. */
export function withInputOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--format <format>', 'of the input, where name and content do not tell').choices(['ndjson', 'csv']),
    )
    .option('--map <field=column>', 'a field comes from this column; repeatable', repeated)
    .option('--set <field=value>', 'a field has this value in every row; repeatable', repeated);
}
