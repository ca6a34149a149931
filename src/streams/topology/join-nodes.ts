import type {
  JoinWindowStoreDefinition,
  KeyValueStoreDefinition,
  UnjoinedStoreDefinition,
} from '../../state/store-definition.ts';
import type { JoinWindows } from '../join-windows.ts';
import type { NodeBase } from './nodes.ts';

/** parents[0] is the left stream, parents[1] the right one. */
export interface StreamStreamJoinNode extends NodeBase {
  readonly kind: 'streamStreamJoin';
  readonly join: 'inner' | 'left' | 'outer';
  readonly windows: JoinWindows;
  readonly joiner: (left: unknown, right: unknown, key: unknown) => unknown;
  readonly leftStore: JoinWindowStoreDefinition;
  readonly rightStore: JoinWindowStoreDefinition;
  /** Those that have no partner yet; an inner join forgets them. */
  readonly unjoined: UnjoinedStoreDefinition | undefined;
}

/** Reads rows of a global table, which hangs together with no sub-topology. */
export interface GlobalJoinNode extends NodeBase {
  readonly kind: 'globalJoin';
  readonly table: KeyValueStoreDefinition;
  readonly isLeft: boolean;
  readonly keyOf: (key: unknown, value: unknown) => unknown;
  readonly joiner: (left: unknown, right: unknown, key: unknown) => unknown;
}
