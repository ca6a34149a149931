import {
  anyMinorField,
  columns,
  exponentField,
  fieldsOf,
  momentField,
  objectField,
  optionalTextField,
  plainField,
  type SinkTable,
  textField,
} from 'headrace';
import { ATM_TOPICS } from './topics.ts';

const TEXT = 'LowCardinality(String)';
const TIME = "DateTime64(3, 'UTC')";

const withdrawals: SinkTable = {
  topic: ATM_TOPICS.states,
  table: 'headrace.withdrawals_rows',
  columns: columns({
    withdrawal_id: 'String',
    account_id: 'String',
    terminal_id: 'String',
    amount_minor: 'Int64',
    taken_minor: 'Int64',
    reversed_minor: 'Int64',
    exponent: 'UInt8',
    currency: TEXT,
    reference: 'String',
    requested_at: TIME,
    state: TEXT,
    code: TEXT,
    reason: 'String',
    case_id: 'String',
    history: 'String',
    version: 'UInt64',
    updated_at: TIME,
  }),
  rows: (record) => {
    if (record.bytes === null) return [];
    const value = fieldsOf(record);
    const exponent = exponentField(value, 'currency');
    return [
      [
        textField(value, 'withdrawalId'),
        textField(value, 'accountId'),
        textField(value, 'terminalId'),
        anyMinorField(value, 'amount', exponent),
        anyMinorField(value, 'taken', exponent),
        anyMinorField(value, 'reversed', exponent),
        exponent,
        textField(value, 'currency'),
        optionalTextField(value, 'reference'),
        momentField(value, 'requestedAt'),
        textField(value, 'state'),
        optionalTextField(value, 'code'),
        optionalTextField(value, 'reason'),
        optionalTextField(value, 'caseId'),
        JSON.stringify(value.history ?? []),
        plainField(value, 'version'),
        momentField(value, 'updatedAt'),
      ],
    ];
  },
};

const failed: SinkTable = {
  topic: ATM_TOPICS.failed,
  table: 'headrace.failed_dispenses_rows',
  columns: columns({
    terminal_id: 'String',
    withdrawal_id: 'String',
    number: 'UInt32',
    account_id: 'String',
    outcome: TEXT,
    reason: 'String',
    amount_minor: 'Int64',
    taken_minor: 'Int64',
    exponent: 'UInt8',
    currency: TEXT,
    is_posted: 'Bool',
    occurred_at: TIME,
  }),
  rows: (record) => {
    const value = fieldsOf(record);
    const exponent = exponentField(value, 'currency');
    return [
      [
        textField(value, 'terminalId'),
        textField(value, 'withdrawalId'),
        plainField(value, 'number'),
        textField(value, 'accountId'),
        textField(value, 'outcome'),
        optionalTextField(value, 'reason'),
        anyMinorField(value, 'amount', exponent),
        anyMinorField(value, 'taken', exponent),
        exponent,
        textField(value, 'currency'),
        plainField(value, 'isPosted'),
        momentField(value, 'occurredAt'),
      ],
    ];
  },
};

const rejected: SinkTable = {
  topic: ATM_TOPICS.rejected,
  table: 'headrace.rejected_withdrawals_rows',
  columns: columns({
    source_topic: TEXT,
    source_partition: 'UInt32',
    source_offset: 'UInt64',
    code: TEXT,
    reason: 'String',
    withdrawal_id: 'String',
    record: 'String',
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
        optionalTextField(value, 'withdrawalId'),
        JSON.stringify(value.record ?? null),
        record.timestamp,
      ],
    ];
  },
};

/** The tables of the ATM system's topics; sql/ makes them. */
export const atmSinkTables: readonly SinkTable[] = [withdrawals, failed, rejected];
