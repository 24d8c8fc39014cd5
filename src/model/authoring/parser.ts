import type { Parser } from '../application.ts';
import { Fault, type Violation } from '../fault.ts';
import { pointerStep } from '../schema-tree.ts';
import type { StandardIssue, StandardResult, StandardSchema } from './standard-schema.ts';

const MAX_VIOLATIONS = 10;

/** Runs a library's own validation: refinements, defaults, transformations. */
export function parserOf(schema: StandardSchema): Parser {
  const standard = schema['~standard'];
  return (value) => {
    const result = standard.validate(value);
    return result instanceof Promise ? result.then(settle) : settle(result);
  };
}

function settle(result: StandardResult): unknown {
  if (result.issues === undefined) return result.value;
  throw new Fault('INVALID_ARGUMENT', 'The input does not fit the contract.', {
    violations: result.issues.slice(0, MAX_VIOLATIONS).map(violationOf),
  });
}

/** A library's text may quote the value, which may be secret: only its first line, shortened. */
function violationOf(issue: StandardIssue): Violation {
  const path = (issue.path ?? [])
    .map((step) => pointerStep(String(typeof step === 'object' ? step.key : step)))
    .join('');
  const expected = issue.message.split('\n', 1)[0]!.slice(0, 200);
  return { path, expected, received: 'a value that was refused' };
}
