/**
 * The conformance suite asks for tools and resources with fixed names that no contract can have.
 * Here are an application that has their like, and a proxy that renames them on the way.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { contract, event, implement, query, service, stream } from '../src/index.ts';

/** Scenarios that run through the proxy. */
export const RENAMED: ReadonlySet<string> = new Set([
  'tools-call-simple-text',
  'tools-call-error',
  'tools-call-with-progress',
  'resources-read-text',
  'resources-templates-read',
  'resources-subscribe',
  'resources-unsubscribe',
]);

const NAMES: readonly (readonly [suite: string, ours: string])[] = [
  ['test_simple_text', 'test_simpleText'],
  ['test_error_handling', 'test_errorHandling'],
  ['test_tool_with_progress', 'test_toolWithProgress'],
  ['test://static-text', 'polywire://events/test.noted'],
  ['test://watched-resource', 'polywire://events/test.watched'],
  ['test://template/123/data', 'polywire://events/test.templated/123'],
];

const Note = {
  type: 'object',
  properties: { id: { type: 'string' } },
  required: ['id'],
} as const;

const named = contract({
  name: 'test',
  version: '1.0.0',
  services: {
    test: service({
      operations: {
        simpleText: query({ output: { type: 'string' } as const }),
        errorHandling: query({ output: { type: 'string' } as const }),
        toolWithProgress: query({ output: stream({ type: 'integer' } as const) }),
      },
      events: {
        noted: event({ payload: Note }),
        watched: event({ payload: Note }),
        templated: event({ payload: Note, subject: 'test.templated.{id}' }),
      },
    }),
  },
});

export const namedApplication = implement(named, {
  test: {
    simpleText: async () => 'This is a simple text response for testing.',
    errorHandling: async () => {
      throw new Error('This tool intentionally returns an error for testing');
    },
    toolWithProgress: async function* () {
      for (const step of [0, 50, 100]) yield step;
    },
  },
});

/** @param target address of the MCP endpoint */
export async function startProxy(
  target: string,
): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer((request, response) => {
    forward(target, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, server };
}

const FORWARDED = /^(?:accept|authorization|content-type|last-event-id|mcp-.*)$/;

async function forward(
  target: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const left = new AbortController();
  response.on('close', () => left.abort());
  const body: Buffer[] = [];
  for await (const chunk of request) body.push(chunk as Buffer);
  const headers = Object.entries(request.headers)
    .filter(([name]) => FORWARDED.test(name))
    .map(([name, value]) => [name, rename(String(value), 0)] as [string, string]);
  const answer = await fetch(target, {
    method: request.method ?? 'POST',
    headers,
    signal: left.signal,
    body: body.length === 0 ? null : rename(Buffer.concat(body).toString(), 0),
  });
  const kept = ['content-type', 'mcp-session-id', 'allow'].flatMap((name) => {
    const value = answer.headers.get(name);
    return value === null ? [] : [name, value];
  });
  response.writeHead(answer.status, kept);
  // An event is one piece: a name is never cut.
  for await (const chunk of answer.body ?? []) {
    response.write(rename(Buffer.from(chunk as Uint8Array).toString(), 1));
  }
  response.end();
}

function rename(text: string, from: 0 | 1): string {
  return NAMES.reduce((result, pair) => result.replaceAll(pair[from], pair[1 - from]!), text);
}
