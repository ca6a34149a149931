import { SCHEMAS_DIRECTORY } from './schema-files.ts';
import { runSchemas } from './schemas-command.ts';

process.exitCode = runSchemas(process.argv.slice(2), SCHEMAS_DIRECTORY, (text) => process.stdout.write(text));
