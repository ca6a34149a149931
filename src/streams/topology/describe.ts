import { type Plan, type PlannedNode, type SubTopology, storesOf } from './plan.ts';

/** Kafka Streams' `Topology.describe()` text, as its visualisers read it. */
export function describeAsText(plan: Plan): string {
  const lines = ['Topologies:'];
  for (const subTopology of plan.subTopologies) {
    lines.push(`   Sub-topology: ${subTopology.id}`);
    const children = childNames(subTopology);
    for (const node of subTopology.nodes) {
      lines.push(`    ${head(node)}`);
      if (node.kind !== 'sink') lines.push(`      --> ${listed(children.get(node.id) ?? [])}`);
      if (node.kind !== 'source') lines.push(`      <-- ${listed(node.parents.map((parent) => parent.name))}`);
    }
    lines.push('');
  }
  return `${lines.join('\n')}\n`;
}

function head(node: PlannedNode): string {
  if (node.kind === 'source') return `Source: ${node.name} (topics: [${node.topic.name}])`;
  if (node.kind === 'sink') return `Sink: ${node.name} (topic: ${node.topic.name})`;
  return `Processor: ${node.name} (stores: [${storesOf(node)
    .map((store) => store.name)
    .join(', ')}])`;
}

function childNames(subTopology: SubTopology): ReadonlyMap<number, readonly string[]> {
  const children = new Map<number, string[]>();
  for (const node of subTopology.nodes) {
    for (const parent of node.parents) {
      const names = children.get(parent.id) ?? [];
      names.push(node.name);
      children.set(parent.id, names);
    }
  }
  return children;
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}

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
  for (const subTopology of plan.subTopologies) {
    for (const node of subTopology.nodes) {
      if (node.kind === 'source' || node.kind === 'sink') shape('topic', node.topic.name);
      for (const store of storesOf(node)) shape('store', store.name);
    }
    lines.push(`  subgraph sub${subTopology.id}[Sub-topology ${subTopology.id}]`);
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
