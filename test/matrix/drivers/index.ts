import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node';
import type { CreateDriver } from '../driver.ts';
import { connectDriver } from './connect.ts';
import { webSocketDriver as graphqlSocketDriver, sseDriver } from './graphql.ts';
import { grpcJsDriver } from './grpc.ts';
import { httpDriver } from './jsonrpc-http.ts';
import { tcpDriver, webSocketDriver } from './jsonrpc-session.ts';
import { modernDriver, sessionDriver } from './mcp.ts';
import { mqttDriver } from './mqtt.ts';
import { ndjsonDriver } from './rest.ts';
import { soapDriver } from './soap.ts';
import { xmlRpcDriver } from './xmlrpc.ts';

export interface DriverEntry {
  /** Name of the protocol in src/standard.ts. */
  readonly protocol: string;
  /** The client that drives it, for the table. */
  readonly client: string;
  /** Cells that this client cannot try, by `shape` or `shape: outcome`, and why. */
  readonly without?: Readonly<Record<string, string>>;
  readonly create: CreateDriver;
}

const ONE_ANSWER = 'over HTTP a JSON-RPC request has one answer; streams need a connection';

export const DRIVERS: readonly DriverEntry[] = [
  { protocol: 'mqtt', client: 'mqtt.js', create: mqttDriver },
  { protocol: 'rest', client: 'undici', create: ndjsonDriver },
  { protocol: 'grpc', client: '@grpc/grpc-js', create: grpcJsDriver },
  {
    protocol: 'grpc',
    client: 'connect-node (gRPC)',
    create: connectDriver((baseUrl) => createGrpcTransport({ baseUrl })),
  },
  {
    protocol: 'grpc',
    client: 'connect-node (gRPC-Web)',
    create: connectDriver((baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: '2' })),
  },
  {
    protocol: 'grpc',
    client: 'connect-node (Connect, protobuf)',
    create: connectDriver((baseUrl) =>
      createConnectTransport({ baseUrl, httpVersion: '2', useBinaryFormat: true }),
    ),
  },
  {
    protocol: 'grpc',
    client: 'connect-node (Connect, JSON)',
    create: connectDriver((baseUrl) =>
      createConnectTransport({ baseUrl, httpVersion: '2', useBinaryFormat: false }),
    ),
  },
  { protocol: 'graphql', client: 'undici and graphql-sse', create: sseDriver },
  { protocol: 'graphql', client: 'graphql-ws', create: graphqlSocketDriver },
  {
    protocol: 'jsonrpc',
    client: 'jayson (HTTP)',
    without: {
      serverStream: ONE_ANSWER,
      clientStream: ONE_ANSWER,
      bidirectional: ONE_ANSWER,
      'unary: cancel': 'jayson has no way to give up a request',
    },
    create: httpDriver,
  },
  { protocol: 'jsonrpc', client: 'json-rpc-2.0 (TCP)', create: tcpDriver },
  { protocol: 'websocket', client: 'json-rpc-2.0 and ws', create: webSocketDriver },
  { protocol: 'soap', client: 'soap (SOAP 1.1)', create: soapDriver('1.1') },
  { protocol: 'soap', client: 'soap (SOAP 1.2)', create: soapDriver('1.2') },
  { protocol: 'xmlrpc', client: 'xmlrpc', create: xmlRpcDriver },
  { protocol: 'mcp', client: '@modelcontextprotocol/client (2026-07-28)', create: modernDriver },
  { protocol: 'mcp', client: '@modelcontextprotocol/sdk (2025-11-25)', create: sessionDriver },
];
