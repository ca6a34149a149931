import type { Message } from '../../cluster/broker-connection.ts';
import { message } from '../message.ts';

export interface ListGroupsAnswer {
  readonly errorCode: number;
  readonly groups: readonly { readonly group: string; readonly protocolType: string }[];
}

/** ListGroups v2: the groups that the asked broker coordinates. */
export function listGroups(): Message<ListGroupsAnswer> {
  return message({
    apiName: 'ListGroups',
    apiKey: 16,
    apiVersion: 2,
    write: () => {},
    read: (reader) => {
      reader.throttleTime();
      const errorCode = reader.int16();
      return { errorCode, groups: reader.array(() => ({ group: reader.string(), protocolType: reader.string() })) };
    },
  });
}
