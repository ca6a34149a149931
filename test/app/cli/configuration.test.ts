import { Command } from 'commander';
import { expect, it, onTestFinished } from 'vitest';
import { applyConfiguration, readConfiguration } from '../../../src/app/cli/configuration.ts';
import { type ToolsOptionValues, withToolsOption } from '../../../src/app/cli/tools.ts';
import type { HeadraceConfiguration } from '../../../src/definitions/configuration.ts';
import { BEGIN, topologyFolder } from '../user-topology/topology-file.ts';
import { runCommand } from './run-command.ts';

const read = (files: Readonly<Record<string, string>>) => readConfiguration(topologyFolder(files)('.'));

it('is read in TypeScript and JavaScript, and need not be there', async () => {
  expect(await read({})).toEqual({});
  const text = "import { defineConfig } from 'headrace';\nexport default defineConfig({ port: 0, parkKeys: true });\n";
  for (const ending of ['ts', 'mts', 'js', 'mjs']) {
    expect(await read({ [`headrace.config.${ending}`]: text })).toEqual({ port: 0, parkKeys: true });
  }
});

it.each([
  ["export default { topologi: './t.ts' };", /there is no setting topologi; did you mean topology\?/],
  ['export default { zzz: 1 };', /there is no setting zzz; there are topology, application, data, /],
  ['export default { partitions: 0 };', /headrace\.config\.ts: partitions: /],
  ["export default { port: '80' };", /headrace\.config\.ts: port: /],
  ["export default { clickhousePort: 'on' };", /headrace\.config\.ts: clickhousePort: /],
  ['export default { clickhousePort: 65536 };', /headrace\.config\.ts: clickhousePort: /],
  ["export default { valueFormat: 'xml' };", /valueFormat: .*json/],
  ['export const port = 1;', /exports no configuration: its default export must be an object/],
  ['export default [];', /exports no configuration/],
  ["throw new Error('planted');", /can't be loaded as the configuration: planted \(.*headrace\.config\.ts:1:\d+\)/],
])('%s is refused', async (text, message) => {
  await expect(read({ 'headrace.config.ts': text })).rejects.toThrow(message);
});

it('two of them are refused', async () => {
  const files = { 'headrace.config.ts': 'export default {};', 'headrace.config.js': 'export default {};' };
  await expect(read(files)).rejects.toThrow('There are headrace.config.ts and headrace.config.js: keep one of them');
});

/** The options that a command gets. */
function options(configuration: HeadraceConfiguration, args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const program = new Command()
    .option('--data <d>', '', environment.HEADRACE_DATA ?? './data')
    .option('--topology <f>');
  const start = new Command('start')
    .option('--data <d>')
    .option('--topology <f>')
    .option('--port <n>', '', Number, 8080);
  const state = new Command('state').option('--application <n>');
  start.option('--application <n>');
  let found: Record<string, unknown> = {};
  for (const each of [start, state]) {
    each.action((_options, own: Command) => {
      applyConfiguration(own, configuration, environment);
      const near = Object.entries(own.opts()).filter(([, value]) => value !== undefined);
      found = { ...program.opts(), ...Object.fromEntries(near) };
    });
    program.addCommand(each);
  }
  program.parse([...args], { from: 'user' });
  return found;
}

it('the command line comes before the environment, and that before the file', () => {
  const file = { data: './file', port: 1, application: 'a' } as const;
  expect(options({}, ['start'])).toEqual({ data: './data', port: 8080 });
  expect(options(file, ['start'])).toEqual({ data: './file', port: 1, application: 'a' });
  expect(options(file, ['start'], { HEADRACE_DATA: './env' })).toMatchObject({ data: './env', port: 1 });
  const both = { HEADRACE_DATA: './env' };
  expect(options(file, ['--data', './said', 'start', '--port', '2'], both)).toMatchObject({ data: './said', port: 2 });
  expect(options(file, ['start', '--data', './said'], both)).toMatchObject({ data: './said' });
  // Of other commands the same option means one of several applications.
  expect(options(file, ['state'])).toEqual({ data: './file' });
});

it("the port of ClickHouse's interface is one of its options", async () => {
  expect(await read({ 'headrace.config.ts': "export default { clickhousePort: 'off' };" })).toEqual({
    clickhousePort: 'off',
  });
  const chosen = (environment: NodeJS.ProcessEnv, ...args: string[]) => {
    const command = withToolsOption(new Command('start'));
    command.action(() => applyConfiguration(command, { clickhousePort: 9123 }, environment));
    command.parse(args, { from: 'user' });
    return command.opts<ToolsOptionValues>().clickhousePort;
  };
  expect(chosen({})).toBe(9123);
  expect(chosen({ HEADRACE_CLICKHOUSE_PORT: '9124' })).toBeUndefined();
  expect(chosen({ HEADRACE_CLICKHOUSE_PORT: '9124' }, '--clickhouse-port', 'off')).toBe('off');
});

it('is that of the working directory, for every command', async () => {
  const file = topologyFolder({
    'headrace.config.ts': "export default { topology: './t.ts', data: './kept', application: 'configured', print: 0 };",
    't.ts': `${BEGIN}builder.stream('in', texts).to('out', texts);\nexport default builder.build();\n`,
    'in.ndjson': '{"value":"x"}\n',
    'broken/headrace.config.ts': 'export default { prot: 1 };',
  });
  const before = process.cwd();
  onTestFinished(() => process.chdir(before));
  process.chdir(file('.'));
  const once = await runCommand('start', '--once', '--input', 'in.ndjson', '--json');
  expect(JSON.parse(once.out)).toMatchObject({
    application: 'configured',
    outputs: [{ topic: 'out', count: 1, records: [] }],
  });
  expect((await runCommand('consume', 'out')).out).toContain('"value":"x"');
  expect((await runCommand('topology', 'describe')).out).toContain('topics: [in]');
  process.chdir(file('broken'));
  expect(await runCommand('consume', 'out')).toMatchObject({
    code: 1,
    err: expect.stringContaining('there is no setting prot; did you mean port?'),
  });
});
