import { HeadraceError } from '../../../errors.ts';
import { refused } from '../cluster/cluster.ts';
import { errorCodes } from '../protocol/errors.ts';

/** What a coordinator refuses for good, with what to do about it. */
export function refusedByGroup(group: string, what: string, errorCode: number): HeadraceError {
  return refused(`${what} of group ${group}`, errorCode, adviceFor(errorCode));
}

/** What a member is told that gets nothing of topics which others join otherwise than it does. */
export function waits(group: string, member: string, topics: string): HeadraceError {
  return new HeadraceError(
    'TOPOLOGY_CHANGED',
    `${member} waits: other members of group ${group} join ${topics} otherwise than it does, and both can't work on them at once. That passes when a changed topology is rolled out on all instances; otherwise two applications have one name: give each its own`,
  );
}

function adviceFor(errorCode: number): string {
  switch (errorCode) {
    case errorCodes.INCONSISTENT_GROUP_PROTOCOL:
      return 'another kind of consumer uses this group; an application needs a name of its own';
    case errorCodes.INVALID_SESSION_TIMEOUT:
      return 'the session timeout is outside of group.min.session.timeout.ms and group.max.session.timeout.ms of the brokers';
    case errorCodes.GROUP_MAX_SIZE_REACHED:
      return 'the group has as many members as group.max.size of the brokers allows';
    default:
      return '';
  }
}
