import type { ClassicGroup } from './group.ts';

/** What is stored of a classic group: the members of a generation and what they were assigned, so
 * that a restart of the hub goes unnoticed by them. JSON, bytes in base64. */
interface SavedGroup {
  readonly version: 1;
  readonly generation: number;
  readonly protocolType?: string | undefined;
  readonly protocol?: string | undefined;
  readonly leader?: string | undefined;
  readonly emptySinceMs: number;
  readonly members: readonly {
    readonly id: string;
    readonly instanceId?: string | undefined;
    readonly clientId: string;
    readonly clientHost: string;
    readonly sessionTimeoutMs: number;
    readonly rebalanceTimeoutMs: number;
    readonly protocols: readonly { readonly name: string; readonly metadata: string }[];
    readonly assignment: string;
  }[];
}

export function saveClassic(group: ClassicGroup): Buffer {
  const saved: SavedGroup = {
    version: 1,
    generation: group.generation,
    protocolType: group.roster.protocolType,
    protocol: group.protocol,
    leader: group.roster.leader,
    emptySinceMs: group.emptySinceMs,
    members: [...group.roster.members.values()].map((member) => ({
      id: member.id,
      instanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      sessionTimeoutMs: member.sessionTimeoutMs,
      rebalanceTimeoutMs: member.rebalanceTimeoutMs,
      protocols: member.protocols.map(({ name, metadata }) => ({
        name,
        metadata: metadata.toString('base64'),
      })),
      assignment: member.assignment.toString('base64'),
    })),
  };
  return Buffer.from(JSON.stringify(saved));
}

/** @throws Error for bytes that this version did not write */
export function restoreClassic(group: ClassicGroup, bytes: Buffer): void {
  const saved = JSON.parse(bytes.toString()) as SavedGroup;
  if (saved.version !== 1) throw new Error(`Group "${group.id}" was stored by another version.`);
  const members = saved.members.map((member) =>
    group.restoredMember(
      member.id,
      {
        memberId: member.id,
        instanceId: member.instanceId,
        clientId: member.clientId,
        clientHost: member.clientHost,
        sessionTimeoutMs: member.sessionTimeoutMs,
        rebalanceTimeoutMs: member.rebalanceTimeoutMs,
        protocolType: saved.protocolType ?? '',
        protocols: member.protocols.map(({ name, metadata }) => ({
          name,
          metadata: Buffer.from(metadata, 'base64'),
        })),
        idFirst: false,
        maySkipAssignment: false,
      },
      Buffer.from(member.assignment, 'base64'),
    ),
  );
  group.restore(members, {
    generation: saved.generation,
    protocolType: saved.protocolType,
    protocol: saved.protocol,
    leader: saved.leader,
    emptySinceMs: saved.emptySinceMs,
  });
}
