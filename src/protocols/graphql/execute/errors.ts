import type { GraphQLError } from 'graphql';
import { Fault, type FaultCode } from '../../../model/fault.ts';
import { problemHeaders, statusOfFault } from '../../../wire/problem.ts';
import type { PathNode } from './links.ts';

/** An error as it stands in a response (section 7.1.2). */
export interface ResponseError {
  readonly message: string;
  readonly locations?: readonly { readonly line: number; readonly column: number }[] | undefined;
  readonly path?: readonly (string | number)[] | undefined;
  /** Of a fault: its exact `code`, the declared `error` with its `data`, `violations`. */
  readonly extensions: Readonly<Record<string, unknown>>;
}

/** A request that cannot be executed: all of it failed, and there is no data. */
export class RequestError extends Error {
  readonly errors: readonly ResponseError[];
  /** HTTP status in application/graphql-response+json. */
  readonly status: number;
  /** HTTP status in application/json: 200 where the request was well-formed. */
  readonly legacyStatus: number;
  /** More headers: name, value, ... */
  readonly headers: readonly string[];

  constructor(
    errors: readonly ResponseError[],
    status = 400,
    legacyStatus = 200,
    headers: readonly string[] = [],
  ) {
    super(errors[0]?.message ?? 'The request failed.');
    this.errors = errors;
    this.status = status;
    this.legacyStatus = legacyStatus;
    this.headers = headers;
  }

  get text(): string {
    return JSON.stringify({ errors: this.errors });
  }
}

export function faultError(
  fault: Fault,
  path?: readonly (string | number)[],
  locations?: ResponseError['locations'],
): ResponseError {
  const { message, ...extensions } = fault.toJSON();
  return { message, locations, path, extensions };
}

/** A request that is well-formed, and whose document cannot be executed. */
export function requestError(code: FaultCode, message: string): RequestError {
  return new RequestError([faultError(new Fault(code, message))]);
}

/** A request that is none, or not allowed: its HTTP status says so in every media type. */
export function httpError(thrown: unknown): RequestError {
  if (thrown instanceof RequestError) return thrown;
  const fault = Fault.from(thrown);
  const status = statusOfFault(fault);
  const { flat } = problemHeaders(fault);
  const headers = flat.filter((_, index) => flat[index - (index % 2)] !== 'content-type');
  return new RequestError([faultError(fault)], status, status, headers);
}

const UNKNOWN_ROOT_FIELD = /^Cannot query field ".*" on type "(?:Query|Mutation|Subscription)"/;

/** Errors that graphql found before execution. */
export function graphqlErrors(errors: readonly GraphQLError[]): ResponseError[] {
  return errors.map((error) => {
    const code = UNKNOWN_ROOT_FIELD.test(error.message) ? 'UNIMPLEMENTED' : 'INVALID_ARGUMENT';
    const { message, locations, path } = error;
    return { message, locations, path, extensions: { ...error.extensions, code } };
  });
}

export function pathOf(node: PathNode | undefined): (string | number)[] {
  const path: (string | number)[] = [];
  for (let one = node; one !== undefined; one = one.before) path.push(one.key);
  return path.reverse();
}
