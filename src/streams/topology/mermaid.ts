import { type Plan, storesOf } from './plan.ts';

/** A flowchart of topics, operators and stores. */
export function describeAsMermaid(plan: Plan): string {
  const lines = ['flowchart TD'];
  const quoted = (text: string) => `"${text.replaceAll('"', '#quot;')}"`;
  const ids = new Map<string, string>();
  /** Mermaid's ids allow few characters, so names stand in the labels only. */
  const shape = (kind: 'topic' | 'store', name: string) => {
    const known = ids.get(`${kind} ${name}`);
    if (known !== undefined) return known;
    const id = `${kind}${ids.size}`;
    ids.set(`${kind} ${name}`, id);
    lines.push(kind === 'topic' ? `  ${id}[[${quoted(name)}]]` : `  ${id}[(${quoted(name)})]`);
    return id;
  };
  const parts = [
    ...plan.subTopologies.map((part) => ({ ...part, place: `sub${part.id}`, title: `Sub-topology ${part.id}` })),
    ...plan.globalTables.map((part) => ({ ...part, place: `global${part.id}`, title: `Global table ${part.id}` })),
  ];
  for (const subTopology of parts) {
    for (const node of subTopology.nodes) {
      if (node.kind === 'source' || node.kind === 'sink') shape('topic', node.topic.name);
      for (const store of storesOf(node)) shape('store', store.name);
    }
    lines.push(`  subgraph ${subTopology.place}[${subTopology.title}]`);
    for (const node of subTopology.nodes) lines.push(`    node${node.id}(${quoted(node.name)})`);
    lines.push('  end');
    for (const node of subTopology.nodes) {
      for (const parent of node.parents) lines.push(`  node${parent.id} --> node${node.id}`);
      if (node.kind === 'source') lines.push(`  ${shape('topic', node.topic.name)} --> node${node.id}`);
      if (node.kind === 'sink') lines.push(`  node${node.id} --> ${shape('topic', node.topic.name)}`);
      for (const store of storesOf(node)) lines.push(`  node${node.id} -.- ${shape('store', store.name)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
