import type { Contract, Operation, Service } from '../../model/contract.ts';
import { fullName } from '../../model/contract.ts';
import type { JsonSchemaObject } from '../../model/schema.ts';
import { toolName } from './names.ts';
import { inputSchema, outputForm, outputSchema } from './schemas.ts';

/** A tool as `tools/list` describes it (revision 2026-07-28, "Tool"). */
export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: JsonSchemaObject;
  readonly outputSchema?: JsonSchemaObject;
  readonly annotations: ToolAnnotations;
}

/** Hints about what a call does. */
export interface ToolAnnotations {
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  readonly openWorldHint: boolean;
}

export function toolOf(
  contract: Contract,
  service: Service,
  operation: Operation,
  maxItems: number,
): Tool {
  const output = outputSchema(operation, contract.$defs);
  const name = fullName(service, operation);
  return {
    name: toolName(name),
    title: name,
    description: descriptionOf(contract, operation, name, maxItems),
    inputSchema: inputSchema(operation, contract.$defs, maxItems),
    ...(output === undefined ? {} : { outputSchema: output }),
    annotations: annotationsOf(operation),
  };
}

/**
 * A query reads, and nothing else. Of a command only its HTTP method tells more: PUT and DELETE may
 * be repeated (RFC 9110 section 9.2.2); any may destroy, as far as anybody here knows. All act on
 * the contract's own system, not on an open world.
 */
function annotationsOf({ kind, http }: Operation): ToolAnnotations {
  const isQuery = kind === 'query';
  return {
    readOnlyHint: isQuery,
    destructiveHint: !isQuery,
    idempotentHint: isQuery || http?.method === 'PUT' || http?.method === 'DELETE',
    openWorldHint: false,
  };
}

/** Clients may count on a description (they choose tools by it), also where the author gave none. */
function descriptionOf(
  contract: Contract,
  operation: Operation,
  name: string,
  maxItems: number,
): string {
  const { kind, doc, deprecated, input, output, errors } = operation;
  const parts = [doc ?? `The ${kind} ${name}.`];
  if (deprecated !== undefined) parts.push(`Deprecated: ${deprecated}`);
  if (input.stream) parts.push(`Takes the items of a stream, at most ${maxItems}, as a list.`);
  if (output.stream) {
    parts.push(
      `Collects a stream of answers, at most ${maxItems}; "complete" says whether it had ended.`,
    );
  }
  if (outputForm(operation, contract.$defs) === 'nothing') parts.push('Answers nothing.');
  if (errors.length > 0) {
    const lines = errors.map((name) => {
      const { code, doc: meaning, message } = contract.errors[name]!;
      return `- ${name} (${code})${meaning === undefined && message === undefined ? '' : `: ${meaning ?? message}`}`;
    });
    parts.push(`Errors:\n${lines.join('\n')}`);
  }
  return parts.join('\n\n');
}
