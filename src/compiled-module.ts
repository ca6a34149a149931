/**
 * The file that Node.js runs for the module `name` (without its ending) beside the one at the URL `here`: what was compiled, also where
 * this runs from its source. A thread's entry must be such a file.
 */
export function compiledModule(name: string, here: string): URL {
  const beside = new URL(`./${name}.js`, here);
  if (beside.pathname.includes('/dist/src/')) return beside;
  const at = beside.href.lastIndexOf('/src/');
  return new URL(`${beside.href.slice(0, at)}/dist${beside.href.slice(at)}`);
}
