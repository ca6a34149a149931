import { cogroupFamilies } from './cogroups.ts';
import type { ScenarioDraft } from './draft.ts';
import { free } from './free.ts';
import { joinFamilies } from './joins.ts';
import { statelessFamilies } from './stateless.ts';
import { tableFamilies } from './tables.ts';
import { windowFamilies } from './windows.ts';

/** How the scenarios of a family are drawn. */
export type Family = (draft: ScenarioDraft) => void;

export const families: Readonly<Record<string, Family>> = {
  ...statelessFamilies,
  ...windowFamilies,
  ...cogroupFamilies,
  ...joinFamilies,
  ...tableFamilies,
  free,
};
