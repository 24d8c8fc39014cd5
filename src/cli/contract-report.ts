import type { Change } from '../model/diff/changes.ts';
import { brokenProtocols, carriersOf, type ProtocolBreak } from './contract-diff-protocols.ts';

/** A change with what it means for clients of each protocol. */
export interface JudgedChange extends Omit<Change, 'kind'> {
  readonly kind: Change['kind'] | 'fieldNumberChanged' | 'fieldNumberReused' | 'fieldNumberLost';
  readonly verdict: 'breaking' | 'safe';
  /** Empty for a safe change. */
  readonly breaks: readonly ProtocolBreak[];
}

export function judge(change: Change): JudgedChange {
  const breaks = brokenProtocols(change);
  return { ...change, verdict: breaks.length > 0 ? 'breaking' : 'safe', breaks };
}

/** The changes as text for people: breaking ones first. */
export function diffReport(changes: readonly JudgedChange[]): string {
  if (changes.length === 0) return 'No change.\n';
  const breaking = changes.filter(({ verdict }) => verdict === 'breaking');
  const safe = changes.filter(({ verdict }) => verdict === 'safe');
  const lines: string[] = [];
  if (breaking.length > 0) {
    lines.push(`Breaking (${breaking.length}):`);
    for (const change of breaking) {
      lines.push(`  ${change.place}: ${change.message}`, ...breakLines(change));
    }
  }
  if (safe.length > 0) {
    lines.push(`Safe (${safe.length}):`);
    for (const { place, message, why } of safe) lines.push(`  ${place}: ${message} (${why})`);
  }
  return `${lines.join('\n')}\n`;
}

function breakLines(change: JudgedChange): string[] {
  const byReason = new Map<string, string[]>();
  for (const { protocol, why } of change.breaks) {
    const protocols = byReason.get(why) ?? [];
    protocols.push(protocol);
    byReason.set(why, protocols);
  }
  const all = carriersOf(change.area).length;
  return [...byReason].map(([why, protocols]) => {
    const who = protocols.length === all ? 'every protocol' : protocols.join(', ');
    return `    breaks ${who}: ${why}`;
  });
}
