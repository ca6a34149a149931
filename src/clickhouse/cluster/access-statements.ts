import { readerSettings, settingsText, TIME_LIMIT_SECONDS_DEFAULT } from '../connection/sql-text.ts';
import { clusterName } from './cluster-statements.ts';

/** No password has this hash: nobody comes in before a password is given. */
const NO_PASSWORD = `IDENTIFIED WITH sha256_hash BY '${'0'.repeat(64)}' HOST NONE`;
const ROLES = [
  ['headrace_writer', 'headrace_writing'],
  ['headrace_reader', 'headrace_reading'],
  ['headrace_operator', 'headrace_operating'],
] as const;
/** Raw bytes of what could not be read or was refused: for operators, who look for what is wrong. */
const RAW_INPUT = ['dead_letters', 'rejected_transactions', 'rejected_withdrawals', 'rejected_case_commands'];

/**
 * Who may do what on a cluster. Three users, each with a role of another name, since GRANT takes both: `headrace_writer` is
 * Headrace itself, `headrace_reader` the analysts' tools, `headrace_operator` reads raw input too. They can't log in before
 * `ALTER USER` gives them a password and hosts.
 */
export function accessStatements(cluster: string): readonly string[] {
  const on = `ON CLUSTER ${clusterName(cluster)}`;
  const raw = RAW_INPUT.flatMap((name) => [`${name}_rows_local`, `${name}_rows`, name]);
  return [
    ...ROLES.map(([, role]) => `CREATE ROLE IF NOT EXISTS ${role} ${on}`),
    `GRANT ${on} SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW, DROP TABLE, DROP VIEW, OPTIMIZE ON headrace.* TO headrace_writing`,
    `GRANT ${on} SELECT ON system.* TO headrace_writing`,
    `GRANT ${on} CLUSTER, REMOTE, KILL QUERY ON *.* TO headrace_writing`,
    `GRANT ${on} SELECT ON headrace.* TO headrace_reading, headrace_operating`,
    `CREATE SETTINGS PROFILE IF NOT EXISTS headrace_writer ${on} SETTINGS ${WRITER_SETTINGS} TO headrace_writing`,
    `CREATE SETTINGS PROFILE IF NOT EXISTS headrace_reader ${on} SETTINGS ${readerProfile()} TO headrace_reading, headrace_operating`,
    `CREATE QUOTA IF NOT EXISTS headrace_reader ${on} KEYED BY user_name FOR INTERVAL 1 minute MAX queries = 600, errors = 120, execution_time = 300, FOR INTERVAL 1 day MAX read_rows = 500000000000, execution_time = 36000 TO headrace_reading`,
    // A table that has a policy shows nothing to whom none is for: the second one lets the others in.
    `CREATE ROW POLICY IF NOT EXISTS headrace_no_raw_input ${on} ON ${raw.map((name) => `headrace.${name}`).join(', ')} FOR SELECT USING 0 TO headrace_reading`,
    `CREATE ROW POLICY IF NOT EXISTS headrace_raw_input ${on} ON ${raw.map((name) => `headrace.${name}`).join(', ')} FOR SELECT USING 1 TO ALL EXCEPT headrace_reading`,
    ...ROLES.map(([user]) => `CREATE USER IF NOT EXISTS ${user} ${on} ${NO_PASSWORD} DEFAULT DATABASE headrace`),
    ...ROLES.map(([user, role]) => `GRANT ${on} ${role} TO ${user}`),
  ];
}

/** An insert is acknowledged once most replicas of its shards have it. */
const WRITER_SETTINGS = settingsText({
  async_insert: 0,
  distributed_foreground_insert: 1,
  insert_quorum: 'auto',
  insert_quorum_parallel: 1,
  deduplicate_blocks_in_dependent_materialized_views: 1,
  distributed_ddl_task_timeout: 180,
});

/** Clients may set formats and the like; the limits they can only lower, and nothing but reading is open to them. */
function readerProfile(): string {
  const { max_execution_time: time, max_memory_usage: memory, ...others } = readerSettings(TIME_LIMIT_SECONDS_DEFAULT);
  return [
    'readonly = 2 CONST',
    `max_execution_time = ${time} MAX ${time}`,
    `max_memory_usage = ${memory} MAX ${memory}`,
    settingsText({ ...others, distributed_product_mode: 'global', max_concurrent_queries_for_user: 100 }),
  ].join(', ');
}
