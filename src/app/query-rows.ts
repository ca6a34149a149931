import type { HeadraceNode } from './node.ts';

/** All rows of a query as objects; for results that fit in memory. */
export async function readJsonRows<T>(node: Pick<HeadraceNode, 'query'>, sql: string): Promise<readonly T[]> {
  const rows: T[] = [];
  for await (const row of eachJsonRow<T>(node, sql)) rows.push(row);
  return rows;
}

/** The rows of a query as objects, as they come. */
export async function* eachJsonRow<T>(node: Pick<HeadraceNode, 'query'>, sql: string): AsyncGenerator<T> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of node.query(sql, 'json', false)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop()!;
    for (const line of lines) if (line !== '') yield JSON.parse(line) as T;
  }
  rest += decoder.decode();
  if (rest !== '') yield JSON.parse(rest) as T;
}
