import assert from 'node:assert/strict';
import { fetch } from 'undici';

export interface GraphqlAnswer {
  readonly status: number;
  readonly type: string;
  readonly headers: { get(name: string): string | null };
  // Tests look into it in many ways.
  readonly data: Record<string, unknown> | null | undefined;
  readonly errors:
    | readonly {
        readonly message: string;
        readonly path?: readonly (string | number)[];
        readonly locations?: readonly unknown[];
        readonly extensions: Readonly<Record<string, unknown>>;
      }[]
    | undefined;
  readonly extensions: Readonly<Record<string, unknown>> | undefined;
}

export interface GraphqlAsk {
  readonly variables?: unknown;
  readonly operationName?: string;
  readonly extensions?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** A POST by undici. */
export async function ask(
  url: string,
  query: string,
  more: GraphqlAsk = {},
): Promise<GraphqlAnswer> {
  const { headers, signal, ...body } = more;
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
      ...headers,
    },
    body: JSON.stringify({ query, ...body }),
    signal: signal ?? null,
  });
  return answerOf(response);
}

export async function answerOf(
  response: Awaited<ReturnType<typeof fetch>>,
): Promise<GraphqlAnswer> {
  const body = (await response.json()) as Pick<GraphqlAnswer, 'data' | 'errors' | 'extensions'>;
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    headers: response.headers,
    data: body.data,
    errors: body.errors,
    extensions: body.extensions,
  };
}

/** The data of an answer without errors. */
export async function dataOf(
  url: string,
  query: string,
  more?: GraphqlAsk,
): Promise<Record<string, unknown>> {
  const { data, errors } = await ask(url, query, more);
  assert.deepEqual(errors, undefined);
  assert.ok(data);
  return data;
}
