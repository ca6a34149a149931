import { copyLog } from '../../../src/storage/data-directory.ts';

/** Copies the log of a data directory, as a backup beside its owner does; killed, where it is told so, in the middle. */
const [path = '', to = '', isKilled = ''] = process.argv.slice(2);
const copy = copyLog(path, to);
await copy.begun;
if (isKilled === 'killed') process.kill(process.pid, 'SIGKILL');
await copy.done;
