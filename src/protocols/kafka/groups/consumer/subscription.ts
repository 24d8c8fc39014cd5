import type { ConsumerMember } from './member.ts';
import type { HeartbeatRequest } from './requests.ts';
import type { Topics } from './topics.ts';

/**
 * Takes over what a heartbeat says of its member. Answers whether that may change who is assigned
 * what.
 * @throws KafkaFailure for an expression that is none
 */
export function subscribe(
  member: ConsumerMember,
  request: HeartbeatRequest,
  topics: Topics,
): boolean {
  member.clientId = request.clientId;
  member.clientHost = request.clientHost;
  member.rackId = request.rackId ?? member.rackId;
  if (request.rebalanceTimeoutMs !== -1) member.rebalanceTimeoutMs = request.rebalanceTimeoutMs;
  const before = member.topics;
  const assignor = request.assignor ?? member.assignor;
  const asksOtherwise = assignor !== member.assignor;
  member.assignor = assignor;
  if (request.topicNames !== undefined) {
    member.topicNames = [...new Set(request.topicNames)].sort();
  }
  match(member, request, topics);
  return asksOtherwise || !sameNames(before, member.topics);
}

/** What an expression matches is found anew when it, or the topics, have changed. */
function match(member: ConsumerMember, request: HeartbeatRequest, topics: Topics): void {
  const regex = request.topicRegex ?? member.topicRegex ?? '';
  if (regex === '') {
    member.topicRegex = undefined;
    member.matched = [];
  } else if (regex !== member.topicRegex || member.matchedVersion !== topics.version) {
    member.matched = request.visible.matching(regex);
    member.topicRegex = regex;
    member.matchedVersion = topics.version;
  }
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}
