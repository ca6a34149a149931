import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import avsc from 'avsc';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSchemaFiles, SCHEMAS_DIRECTORY } from '../../../src/app/formats/schema-files.ts';
import { runSchemas } from '../../../src/app/formats/schemas-command.ts';
import { ledgerTopics } from '../../../topologies/account-ledger/topics.ts';
import { atmTopics } from '../../../topologies/atm-dispense/topics.ts';
import { reconciliationTopics } from '../../../topologies/reconciliation/topics.ts';

interface Field {
  name: string;
  type: unknown;
  default?: unknown;
}

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'headrace-schemas-'));
  cpSync(SCHEMAS_DIRECTORY, directory, { recursive: true });
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function run(...args: readonly string[]): readonly [code: number, said: string] {
  let said = '';
  const code = runSchemas(args, directory, (text) => {
    said += text;
  });
  return [code, said];
}

/** Changes the fields of a topic's schema, as somebody would in an editor. */
function edit(topic: string, change: (fields: Field[]) => void): void {
  const path = join(directory, `${topic}.avsc`);
  const schema = JSON.parse(readFileSync(path, 'utf8')) as { fields: Field[] };
  change(schema.fields);
  writeFileSync(path, JSON.stringify(schema));
}

const fieldOf = (fields: Field[], name: string) => fields.find((each) => each.name === name)!;

describe('the schemas of the repository', () => {
  it('are registered and compatible with what was registered before', () => {
    let said = '';
    const code = runSchemas(['check'], SCHEMAS_DIRECTORY, (text) => {
      said += text;
    });
    expect(said).toBe('');
    expect(code).toBe(0);
  });

  it('are there for each topic, and another implementation of Avro takes them', () => {
    const { current } = readSchemaFiles(SCHEMAS_DIRECTORY);
    const topics = [...ledgerTopics(1), ...atmTopics(1), ...reconciliationTopics(1)].map(({ name }) => name);
    expect([...current.keys()]).toEqual(expect.arrayContaining(topics));
    for (const schema of current.values()) expect(() => avsc.Type.forSchema(schema as avsc.Schema)).not.toThrow();
  });
});

describe('npm run schemas -- check', () => {
  it.each<readonly [string, string, (fields: Field[]) => void, RegExp]>([
    [
      'a removed field without default',
      'ledger.transactions',
      (fields) => fields.splice(fields.indexOf(fieldOf(fields, 'sequence')), 1),
      /^ledger.transactions: sequence: the field is missing, and it has no default/,
    ],
    [
      'a changed type',
      'postings',
      (fields) => {
        fieldOf(fields, 'leg').type = 'string';
      },
      /^postings: leg: int can't be read as string/,
    ],
    [
      'a renamed symbol',
      'transactions',
      (fields) => {
        fieldOf(fields, 'kind').type = { type: 'enum', name: 'Kind', symbols: ['posting', 'demand'] };
      },
      /^transactions: kind: the symbol request is not known/,
    ],
    [
      'a new field without default',
      'balances',
      (fields) => fields.push({ name: 'branch', type: 'string' }),
      /^balances: branch: the field is missing, and it has no default \(what was written before/,
    ],
    [
      'an amount that is no money any more',
      'atm.withdrawals',
      (fields) => {
        fieldOf(fields, 'amount').type = 'long';
      },
      /^atm.withdrawals: amount: minor-units can't be read as long/,
    ],
    [
      'an amount without a currency',
      'atm.withdrawals',
      (fields) => fields.splice(fields.indexOf(fieldOf(fields, 'currency')), 1),
      /^atm.withdrawals: .*an amount stands where no currency is/,
    ],
    [
      'a change within a list',
      'ledger.transactions',
      (fields) => {
        const { type } = fieldOf(fields, 'postings') as { type: { items: { fields: Field[] } } };
        type.items.fields = type.items.fields.filter(({ name }) => name !== 'ledgerAccount');
      },
      /^ledger.transactions: postings\[\].ledgerAccount: the field is missing/,
    ],
  ])('refuses %s, and so does register', (_what, topic, change, message) => {
    edit(topic, change);
    for (const command of ['check', 'register']) {
      const [code, said] = run(command);
      expect(said).toMatch(message);
      expect(code).toBe(1);
    }
    expect(readSchemaFiles(directory).registered).toEqual(readSchemaFiles(SCHEMAS_DIRECTORY).registered);
  });

  it('refuses a compatible change that is not registered; register gives it the next version and id', () => {
    edit('transactions', (fields) => fields.push({ name: 'branch', type: ['null', 'string'], default: null }));
    expect(run('check')).toEqual([
      1,
      'transactions: differs from version 1, compatibly, and is not registered\nnpm run schemas -- register registers them.\n',
    ]);
    const id = readSchemaFiles(directory).registered.length + 1;
    expect(run('register')).toEqual([0, `transactions: version 2, id ${id}\n`]);
    expect(run('check')).toEqual([0, '']);
    expect(run('register')).toEqual([0, 'Every schema is registered.\n']);
  });

  it('refuses a registered schema that was changed, or is gone, or whose topic is gone', () => {
    const registered = join(directory, 'registered/transactions-value.v1.avsc');
    writeFileSync(registered, readFileSync(registered, 'utf8').replace('"maxLength": 200', '"maxLength": 300'));
    expect(run('check')).toEqual([
      1,
      expect.stringContaining('transactions-value version 1 is not what was registered'),
    ]);
    unlinkSync(registered);
    expect(run('check')).toEqual([1, expect.stringContaining("transactions-value.v1.avsc can't be read")]);
    cpSync(join(SCHEMAS_DIRECTORY, 'registered'), join(directory, 'registered'), { recursive: true });
    unlinkSync(join(directory, 'postings.avsc'));
    expect(run('check')).toEqual([1, expect.stringContaining('postings: is registered, and its .avsc file is gone')]);
  });

  it('refuses what is no schema, and says how it is used', () => {
    writeFileSync(join(directory, 'new.avsc'), '{"type":"record","name":"New"}');
    expect(run('check')).toEqual([
      1,
      expect.stringContaining('new: The Avro schema is invalid: New has no list of fields'),
    ]);
    writeFileSync(join(directory, 'new.avsc'), '{');
    expect(run('check')).toEqual([1, expect.stringContaining("new.avsc can't be read")]);
    expect(run('chekc')[0]).toBe(2);
    expect(run('chekc')[1]).toMatch(/usage/);
  });

  it('register makes the registry where there is none', () => {
    rmSync(join(directory, 'registered'), { recursive: true });
    unlinkSync(join(directory, 'registry.json'));
    expect(run('register')[0]).toBe(0);
    expect(existsSync(join(directory, 'registry.json'))).toBe(true);
    const { current, registered } = readSchemaFiles(directory);
    expect(registered.map(({ subject, version }) => [subject, version])).toEqual(
      [...current.keys()].map((topic) => [`${topic}-value`, 1]),
    );
    expect(run('check')[0]).toBe(0);
  });
});
