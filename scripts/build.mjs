import { prepare } from './checkout/prepare.mjs';
import { root } from './checkout/root.mjs';

const failure = await prepare(root);
if (failure !== undefined) {
  process.stderr.write(`${failure.text}\n`);
  process.exitCode = 1;
}
