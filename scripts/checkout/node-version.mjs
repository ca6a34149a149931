/** The oldest Node.js that Headrace runs on, the same as `engines` in package.json. */
export const oldestNode = [20, 19];

/**
 * What is wrong with this Node.js, or undefined. The syntax of this file, and of `bin/headrace.mjs`, stays old on
 * purpose: the Node.js that is refused must be able to read the refusal.
 */
export function nodeVersionProblem(version) {
  const parts = version.split('.');
  const major = Number(parts[0]);
  const minor = Number(parts[1]);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return undefined;
  return `headrace: needs Node.js ${oldestNode.join('.')} or later, and this is ${version} (${process.execPath})`;
}
