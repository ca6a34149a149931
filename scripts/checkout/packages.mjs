import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { runCommand } from './run-command.mjs';

const shownLinesMax = 15;
const networkErrors =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT|CERT|SELF_SIGNED/;

/**
 * What differs between package-lock.json and the packages in node_modules, or undefined if nothing does. npm writes
 * node_modules/.package-lock.json when it has finished, so an installation that was cut short has none. Optional
 * packages may be absent (those of other platforms are).
 */
export function missingPackage(root) {
  const installedPath = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedPath)) return 'node_modules';
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const installed = readInstalled(installedPath);
  if (installed === undefined) return 'node_modules';
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '') continue;
    const found = installed[path];
    if (found === undefined && (entry.optional || entry.devOptional || entry.peer)) continue;
    if (found === undefined || found.version !== entry.version || found.integrity !== entry.integrity) return path;
    if (!entry.optional && !existsSync(join(root, path, 'package.json'))) return path;
  }
  return undefined;
}

function readInstalled(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** Installs what package-lock.json names. Returns what to tell the user when that fails, or undefined. */
export async function installPackages(root) {
  const options = ['--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = npmCommand();
  const result = await runCommand(npm.command, [...npm.args, 'ci', ...options], root);
  if (result.status === 0) return undefined;
  if (result.status === null && result.output === '') {
    return `headrace: npm does not run (${result.reason}). It comes with Node.js; is it on the path?`;
  }
  const shown = result.output.trim().split('\n').slice(0, shownLinesMax).join('\n');
  const reason = networkErrors.test(result.output)
    ? 'the package registry cannot be reached: check the network, a proxy, and "npm config get registry"'
    : 'npm says why above';
  return `${shown}\nheadrace: npm ci failed (${result.reason}): ${reason}. Then run the same command again.`;
}

/** The npm that runs us, if one does, so that the one the user chose is used; else the one on the path. */
function npmCommand() {
  const running = process.env.npm_execpath;
  if (running !== undefined && basename(running) === 'npm-cli.js' && existsSync(running)) {
    return { command: process.execPath, args: [running] };
  }
  return { command: 'npm', args: [] };
}
