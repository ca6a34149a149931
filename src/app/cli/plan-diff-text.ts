import type { PlanDifference } from '../../streams/topology/diff/plan-difference.ts';

/** The differences for people: what moves state first. */
export function planDiffText(differences: readonly PlanDifference[]): string {
  if (differences.length === 0) return 'Nothing differs: the state stays as it is.\n';
  const moving = differences.filter(({ effect }) => effect !== 'harmless');
  const harmless = differences.filter(({ effect }) => effect === 'harmless');
  const lines: string[] = [];
  if (moving.length > 0) {
    lines.push('Moves state:');
    for (const { effect, message } of moving) lines.push(`  ${effect.padEnd(8)} ${message}`);
  } else {
    lines.push('Nothing moves state.');
  }
  if (harmless.length > 0) {
    lines.push('Does not move state:', ...harmless.map(({ message }) => `  ${message}`));
  }
  if (moving.some(({ effect }) => effect === 'loses')) {
    lines.push('A start with the second plan is refused while the state is of the first (TOPOLOGY_CHANGED).');
  }
  return `${lines.join('\n')}\n`;
}
