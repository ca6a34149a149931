import {
  anyMinorField,
  columns,
  exponentField,
  type Fields,
  fieldsOf,
  momentField,
  objectField,
  optionalTextField,
  plainField,
  type SinkTable,
  textField,
} from 'headrace';
import { RECONCILIATION_TOPICS } from './topics.ts';

const TEXT = 'LowCardinality(String)';
const TIME = "DateTime64(3, 'UTC')";

const cases: SinkTable = {
  topic: RECONCILIATION_TOPICS.cases,
  table: 'headrace.reconciliation_cases_rows',
  columns: columns({
    case_id: 'String',
    withdrawal_id: 'String',
    account_id: 'String',
    terminal_id: 'String',
    kind: TEXT,
    status: TEXT,
    reason: 'String',
    amount_minor: 'Int64',
    taken_minor: 'Int64',
    posted_minor: 'Nullable(Int64)',
    moved_minor: 'Nullable(Int64)',
    exponent: 'UInt8',
    currency: TEXT,
    assignee: 'String',
    decision: TEXT,
    persons: 'Array(String)',
    serial_number: 'String',
    history: 'String',
    version: 'UInt64',
    opened_at: TIME,
    updated_at: TIME,
  }),
  rows: (record) => {
    if (record.bytes === null) return [];
    const value = fieldsOf(record);
    const exponent = exponentField(value, 'currency');
    const resolution = value.resolution === undefined ? undefined : objectField(value, 'resolution');
    const proposal = value.proposal === undefined ? undefined : objectField(value, 'proposal');
    const decided = resolution ?? proposal ?? {};
    return [
      [
        textField(value, 'caseId'),
        textField(value, 'withdrawalId'),
        textField(value, 'accountId'),
        textField(value, 'terminalId'),
        textField(value, 'kind'),
        textField(value, 'status'),
        optionalTextField(value, 'reason'),
        anyMinorField(value, 'amount', exponent),
        anyMinorField(value, 'taken', exponent),
        value.posted === undefined ? null : anyMinorField(value, 'posted', exponent),
        resolution === undefined ? null : anyMinorField(resolution, 'moved', exponent),
        exponent,
        textField(value, 'currency'),
        optionalTextField(value, 'assignee'),
        optionalTextField(decided, 'decision'),
        personsOf(decided),
        optionalTextField(decided, 'serialNumber'),
        JSON.stringify(value.history ?? []),
        plainField(value, 'version'),
        momentField(value, 'openedAt'),
        momentField(value, 'updatedAt'),
      ],
    ];
  },
};

/** Of a resolution all who decided, of a proposal the one who made it. */
function personsOf(decided: Fields): readonly string[] {
  if (Array.isArray(decided.persons)) return decided.persons.map(String);
  return decided.by === undefined ? [] : [textField(decided, 'by')];
}

const rejected: SinkTable = {
  topic: RECONCILIATION_TOPICS.rejected,
  table: 'headrace.rejected_case_commands_rows',
  columns: columns({
    source_topic: TEXT,
    source_partition: 'UInt32',
    source_offset: 'UInt64',
    code: TEXT,
    reason: 'String',
    command_id: 'String',
    case_id: 'String',
    recorded_at: TIME,
  }),
  rows: (record) => {
    const value = fieldsOf(record);
    const source = objectField(value, 'source');
    return [
      [
        textField(source, 'topic'),
        plainField(source, 'partition'),
        plainField(source, 'offset'),
        textField(value, 'code'),
        optionalTextField(value, 'reason'),
        optionalTextField(value, 'commandId'),
        optionalTextField(value, 'caseId'),
        record.timestamp,
      ],
    ];
  },
};

/** The tables of reconciliation's own topics; sql/ makes them. */
export const reconciliationSinkTables: readonly SinkTable[] = [cases, rejected];
