import type { HeadraceNode } from './node.ts';

/** All rows of a query as objects; for results that fit in memory. */
export async function readJsonRows<T>(node: Pick<HeadraceNode, 'query'>, sql: string): Promise<readonly T[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of node.query(sql, 'json', false)) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8').trimEnd();
  return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as T);
}
