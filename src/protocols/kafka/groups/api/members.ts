import { ERROR, type KafkaError } from '../../errors.ts';
import type { ClassicGroup } from '../classic/group.ts';
import type { Groups } from '../groups.ts';

/** The group that someone says is a member of, or the error for it. */
export function classicMember(groups: Groups, id: string): ClassicGroup | KafkaError {
  if (id === '') return ERROR.INVALID_GROUP_ID;
  const group = groups.get(id);
  return group?.kind === 'classic' ? group : ERROR.UNKNOWN_MEMBER_ID;
}
