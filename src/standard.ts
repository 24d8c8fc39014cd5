import type { Engine, EngineOptions } from './hub/engine.ts';
import type { Middleware } from './hub/middleware.ts';
import type { Protocol } from './hub/protocol.ts';
import graphql from './protocols/graphql/index.ts';
import grpc from './protocols/grpc/index.ts';
import jsonrpc from './protocols/jsonrpc/index.ts';
import kafka from './protocols/kafka/index.ts';
import mcp from './protocols/mcp/index.ts';
import mqtt from './protocols/mqtt/index.ts';
import rest from './protocols/rest/index.ts';
import soap from './protocols/soap/index.ts';
import sse from './protocols/sse/index.ts';
import websocket from './protocols/websocket/index.ts';
import xmlrpc from './protocols/xmlrpc/index.ts';

/** What ships. To remove a protocol is to delete its folder and its line here. */
export const PROTOCOLS: readonly Protocol[] = [
  rest,
  graphql,
  grpc,
  soap,
  jsonrpc,
  xmlrpc,
  websocket,
  sse,
  mcp,
  kafka,
  mqtt,
];

/** Layers around every handler, outermost first. */
export const MIDDLEWARE: readonly Middleware[] = [];

/** What keeps streams, loaded when it is opened. */
export const ENGINES = {
  embedded: async (options: EngineOptions): Promise<Engine> => {
    const { openLog } = await import('./log/open-log.ts');
    return openLog(options);
  },
} as const;

/** The protocol whose clients append records to streams as they made them. */
export const RECORD_SOURCE = 'kafka';
