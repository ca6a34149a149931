export interface DescribedNode {
  readonly kind: 'Source' | 'Processor' | 'Sink';
  readonly name: string;
  /** Topics of a source, stores of a processor, the topic of a sink. */
  readonly linked: readonly string[];
  readonly children: readonly string[] | undefined;
  readonly parents: readonly string[] | undefined;
}

export interface DescribedPart {
  readonly id: number;
  readonly isGlobal: boolean;
  readonly nodes: readonly DescribedNode[];
}

const PART = /^Sub-topology: (\d+)( for global store \(will not generate tasks\))?$/;
const NODE = /^ {4}(Source|Processor|Sink): (\S+) \((topics|stores|topic): (.*)\)$/;
const WORD_OF = { Source: 'topics', Processor: 'stores', Sink: 'topic' } as const;
const NAME = /^[A-Za-z0-9._-]+$/;

/** Reads what Kafka Streams' Topology.describe() prints, and nothing else: every space and every empty line counts. */
export function parseDescription(text: string): readonly DescribedPart[] {
  const begin = 'Topologies:\n ';
  if (!text.startsWith(begin) || !text.endsWith('\n')) throw new SyntaxError(`begins or ends otherwise: ${text}`);
  const lines = text.slice(begin.length, -1).split('\n');
  const parts: DescribedPart[] = [];
  let at = 0;
  while (at < lines.length) {
    const head = PART.exec(take(lines[at++]!, '  '));
    if (head === null) throw new SyntaxError(`no sub-topology: ${lines[at - 1]}`);
    const nodes: DescribedNode[] = [];
    while (at < lines.length && lines[at] !== '' && !lines[at]!.startsWith('  Sub')) {
      const [, kind, name, word, linked] = NODE.exec(lines[at++]!) ?? [];
      if (kind === undefined || word !== WORD_OF[kind as keyof typeof WORD_OF]) {
        throw new SyntaxError(`no node: ${lines[at - 1]}`);
      }
      const isSink = kind === 'Sink';
      const children = isSink ? undefined : names(take(lines[at++]!, '      --> '));
      const parents = kind === 'Source' ? undefined : names(take(lines[at++]!, '      <-- '));
      const inside = isSink ? linked! : /^\[(.*)\]$/.exec(linked!)?.[1];
      if (inside === undefined) throw new SyntaxError(`no brackets: ${linked}`);
      const own = inside === '' ? [] : inside.split(', ');
      if (!own.every((each) => NAME.test(each))) throw new SyntaxError(`no name: ${inside}`);
      nodes.push({ kind: kind as DescribedNode['kind'], name: name!, linked: own, children, parents });
    }
    const isGlobal = head[2] !== undefined;
    // Only what is no global store has an empty line behind it.
    if (!isGlobal && lines[at++] !== '') throw new SyntaxError('an empty line is missing behind a sub-topology');
    parts.push({ id: Number(head[1]), isGlobal, nodes });
  }
  return parts;
}

function take(line: string, prefix: string): string {
  if (!line.startsWith(prefix)) throw new SyntaxError(`does not begin with ${JSON.stringify(prefix)}: ${line}`);
  return line.slice(prefix.length);
}

function names(list: string): readonly string[] {
  if (list === 'none') return [];
  const all = list.split(', ');
  if (!all.every((each) => NAME.test(each))) throw new SyntaxError(`no names: ${list}`);
  return all;
}

/** What is wrong with a description that is well formed: edges told on one side only, nodes in another order than Kafka's. */
export function flawsOf(parts: readonly DescribedPart[]): readonly string[] {
  return parts.flatMap(({ id, nodes, isGlobal }, index) => {
    const flaws: string[] = [];
    if (id !== index) flaws.push(`part ${index} has the number ${id}`);
    const byName = new Map(nodes.map((node) => [node.name, node]));
    for (const { name, children = [], parents = [] } of nodes) {
      for (const child of children) {
        if (!byName.get(child)?.parents?.includes(name)) flaws.push(`${name} --> ${child} is not told by ${child}`);
      }
      for (const parent of parents) {
        if (!byName.get(parent)?.children?.includes(name)) flaws.push(`${name} <-- ${parent} is not told by ${parent}`);
      }
    }
    const size = (name: string): number =>
      (byName.get(name)?.children ?? []).reduce((sum, each) => sum + size(each), 1);
    const ordered = [...nodes].sort((a, b) => size(b.name) - size(a.name) || (a.name < b.name ? -1 : 1));
    const order = (list: readonly DescribedNode[]) => list.map(({ name }) => name).join(' ');
    if (order(ordered) !== order(nodes)) flaws.push(`in the order ${order(nodes)}, not ${order(ordered)}`);
    if (isGlobal && nodes.map(({ kind }) => kind).join() !== 'Source,Processor')
      flaws.push('a global store of other nodes');
    return flaws;
  });
}

/**
 * The edges that kafka-streams-viz would draw: it looks at each line alone, with loose expressions (what it takes is told by
 * its README and its behaviour; this is an equivalent of ours).
 */
export function drawnEdges(text: string): readonly string[] {
  const edges: string[] = [];
  let current = '';
  for (const line of text.split('\n')) {
    const node = /(?:Source|Processor|Sink):\s+(\S+)\s+\((topics?|stores):(.*)\)/.exec(line);
    if (node !== null) {
      current = node[1]!;
      for (const each of node[3]!.replace(/[[\]]/g, '').split(',')) {
        const linked = each.trim();
        if (linked !== '') edges.push(node[2] === 'topics' ? `${linked} -> ${current}` : `${current} -> ${linked}`);
      }
      continue;
    }
    const [, forwards = 'none'] = /-->\s+(.*)$/.exec(line) ?? [];
    for (const each of forwards.split(',')) {
      if (each.trim() !== 'none') edges.push(`${current} -> ${each.trim()}`);
    }
  }
  return edges;
}
