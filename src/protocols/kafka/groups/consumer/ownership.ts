import type { Assignment } from './assignment.ts';
import type { ConsumerMember } from './member.ts';

/** Who has which partition: told to read it, or told to give it up and not known to have done so.
 * A partition is with one member at most. */
export class Ownership {
  readonly #owners = new Map<string, Map<number, string>>();

  hold(member: ConsumerMember): void {
    for (const held of [member.assigned, member.revoking]) {
      for (const [topicId, partitions] of held) {
        let owners = this.#owners.get(topicId);
        if (owners === undefined) this.#owners.set(topicId, (owners = new Map()));
        for (const partition of partitions) owners.set(partition, member.id);
      }
    }
  }

  release(member: ConsumerMember): void {
    for (const held of [member.assigned, member.revoking]) {
      for (const [topicId, partitions] of held) {
        const owners = this.#owners.get(topicId);
        if (owners === undefined) continue;
        for (const partition of partitions) {
          if (owners.get(partition) === member.id) owners.delete(partition);
        }
        if (owners.size === 0) this.#owners.delete(topicId);
      }
    }
  }

  heldByOthers(member: ConsumerMember, partitions: Assignment): Assignment {
    const held = new Map<string, readonly number[]>();
    for (const [topicId, list] of partitions) {
      const owners = this.#owners.get(topicId);
      if (owners === undefined) continue;
      const others = list.filter((partition) => {
        const owner = owners.get(partition);
        return owner !== undefined && owner !== member.id;
      });
      if (others.length > 0) held.set(topicId, others);
    }
    return held;
  }
}
