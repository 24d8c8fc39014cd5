import { type Comparison, runLoad } from './harness.ts';
import { grpcLoad, h2loadMissing } from './load/h2load.ts';
import { mosquittoMissing } from './load/mosquitto-available.ts';
import { type HttpLoad, http1Load, wrkMissing } from './load/wrk.ts';
import { goMissing } from './servers/grpc-go/available.ts';

const CONNECTIONS = 64;

/** How many requests a connection has under way where they are pipelined. Few clients do that: the
 * measures with one in flight say what most will see. */
const PIPELINED = 10;

function get(port: number, durationMs: number, path: string, inFlight = 1): number {
  return http({ port, durationMs, path, inFlight, headers: { accept: 'application/json' } });
}

function post(port: number, durationMs: number, path: string, body: unknown, inFlight = 1): number {
  return http({
    port,
    durationMs,
    path,
    inFlight,
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
  });
}

/** One request in flight on each of 64 connections, unless it is pipelined. */
function http(load: Omit<HttpLoad, 'connections'>): number {
  return http1Load({ ...load, connections: CONNECTIONS });
}

const NEW_ITEM = {
  name: 'Corrugated box, double wall',
  quantity: 42,
  price: 3.75,
  tags: ['cardboard', 'large', 'recyclable'],
  active: true,
};

/** GetRequest with the id `item-17`. */
const GET_ITEM = Buffer.concat([Buffer.from([0x0a, 7]), Buffer.from('item-17')]);
const getByGrpc = (port: number, durationMs: number): number =>
  grpcLoad(port, durationMs, '/items.Items/Get', GET_ITEM);
const LIST_QUERY = {
  query: 'query ($limit: Int!) { itemsList(limit: $limit) { id name quantity price tags active } }',
  variables: { limit: 100 },
};

const SOAP_CREATE =
  '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:i="urn:polywire:items:items"><soap:Body><i:Create>' +
  `<i:name>${NEW_ITEM.name}</i:name><i:quantity>42</i:quantity><i:price>3.75</i:price>` +
  `${NEW_ITEM.tags.map((tag) => `<i:tags>${tag}</i:tags>`).join('')}<i:active>true</i:active>` +
  '</i:Create></soap:Body></soap:Envelope>';
/** As the client of Python's standard library writes it. */
const XML_RPC_CALL = `<?xml version='1.0'?>
<methodCall>
<methodName>items.get</methodName>
<params>
<param>
<value><struct>
<member>
<name>id</name>
<value><string>item-17</string></value>
</member>
</struct></value>
</param>
</params>
</methodCall>
`;

const AGAINST_FASTIFY = {
  ours: { name: 'polywire', server: 'polywire.ts' },
  peer: { name: 'fastify', server: 'fastify.ts' },
  unit: 'requests/s',
  unavailable: wrkMissing,
};
const AGAINST_JAYSON = {
  ours: { name: 'polywire', server: 'polywire.ts' },
  peer: { name: 'jayson', server: 'jayson.ts' },
  unit: 'calls/s',
  unavailable: wrkMissing,
};
const JSON_RPC_CALL = { jsonrpc: '2.0', id: 1, method: 'items.get', params: { id: 'item-17' } };

const MQTT_PEERS = {
  ours: { name: 'Polywire', server: 'polywire.ts' },
  peer: { name: 'Mosquitto', server: 'mosquitto.ts' },
  unit: 'deliveries/s',
  unavailable: mosquittoMissing,
} as const;

/** Messages of 32 bytes; those that are not acknowledged or delivered are limited. */
const mqtt =
  (publishers: number, subscribers: number, qos: 0 | 1, inFlight: number) =>
  (port: number, durationMs: number): number =>
    runLoad('mqtt.ts', {
      port,
      durationMs,
      publishers,
      subscribers,
      qos,
      inFlight,
      payloadBytes: 32,
    });

const MQTT: readonly Comparison[] = [
  {
    ...MQTT_PEERS,
    name: 'mqtt-qos0',
    title: 'MQTT: QoS 0, 4 publishers, 1 subscriber, pipelined',
    target: 15,
    load: mqtt(4, 1, 0, 1000),
  },
  {
    ...MQTT_PEERS,
    name: 'mqtt-qos1',
    title: 'MQTT: QoS 1, 4 publishers, 1 subscriber, pipelined',
    target: 15,
    load: mqtt(4, 1, 1, 500),
  },
  {
    ...MQTT_PEERS,
    name: 'mqtt-qos1-single',
    title: 'MQTT: QoS 1, 50 publishers with one message in flight, 1 subscriber',
    target: 1,
    load: mqtt(50, 1, 1, 1),
  },
  {
    ...MQTT_PEERS,
    name: 'mqtt-fan-out',
    title: 'MQTT: QoS 0, 1 publisher, 10 subscribers',
    target: 15,
    load: mqtt(1, 10, 0, 1000),
  },
];

export const COMPARISONS: readonly Comparison[] = [
  {
    ...AGAINST_FASTIFY,
    name: 'rest-query',
    title: 'REST query, validated and serialized, 64 connections, 10 requests pipelined',
    target: 2,
    load: (port, durationMs) => get(port, durationMs, '/items/item-17', PIPELINED),
  },
  {
    ...AGAINST_FASTIFY,
    name: 'rest-query-single',
    title: 'REST query, 64 connections, one request in flight on each',
    target: 2,
    load: (port, durationMs) => get(port, durationMs, '/items/item-17'),
  },
  {
    ...AGAINST_FASTIFY,
    name: 'rest-command',
    title: 'REST command, validated and serialized, 64 connections, 10 requests pipelined',
    target: 2,
    load: (port, durationMs) => post(port, durationMs, '/items', NEW_ITEM, PIPELINED),
  },
  {
    ...AGAINST_FASTIFY,
    name: 'rest-command-single',
    title: 'REST command, 64 connections, one request in flight on each',
    target: 2,
    load: (port, durationMs) => post(port, durationMs, '/items', NEW_ITEM),
  },
  {
    ...AGAINST_JAYSON,
    name: 'jsonrpc-http',
    title: 'JSON-RPC over HTTP, 64 connections, 10 requests pipelined',
    target: 3,
    load: (port, durationMs) => post(port, durationMs, '/rpc', JSON_RPC_CALL, PIPELINED),
  },
  {
    ...AGAINST_JAYSON,
    name: 'jsonrpc-http-single',
    title: 'JSON-RPC over HTTP, 64 connections, one call in flight on each',
    target: 3,
    load: (port, durationMs) => post(port, durationMs, '/rpc', JSON_RPC_CALL),
  },
  {
    name: 'xmlrpc',
    title: 'XML-RPC, 64 connections, 10 requests pipelined',
    ours: { name: 'polywire', server: 'polywire.ts' },
    peer: { name: 'xmlrpc (npm)', server: 'xmlrpc.ts' },
    target: 3,
    unit: 'calls/s',
    unavailable: wrkMissing,
    load: (port, durationMs) =>
      http({
        port,
        durationMs,
        path: '/xmlrpc',
        inFlight: PIPELINED,
        headers: { 'content-type': 'text/xml', accept: 'text/xml' },
        body: XML_RPC_CALL,
      }),
  },
  {
    name: 'websocket-call',
    title: 'JSON-RPC call over WebSocket, one in flight on each of 64 connections',
    ours: { name: 'polywire', server: 'polywire.ts' },
    peer: { name: 'jayson (ws)', server: 'jayson.ts' },
    target: 1,
    unit: 'calls/s',
    load: (port, durationMs) =>
      runLoad('websocket.ts', {
        port,
        durationMs,
        path: '/ws',
        connections: CONNECTIONS,
        method: 'items.get',
        params: { id: 'item-17' },
      }),
  },
  {
    name: 'grpc-unary',
    title: 'gRPC unary call, validated, 16 connections x 16 streams (h2load)',
    ours: { name: 'polywire', server: 'polywire.ts' },
    peer: { name: '@grpc/grpc-js', server: 'grpc-js.ts' },
    target: 5,
    unit: 'calls/s',
    load: getByGrpc,
    unavailable: h2loadMissing,
  },
  {
    name: 'grpc-unary-go',
    title: 'gRPC unary call, validated, 16 connections x 16 streams (h2load)',
    ours: { name: 'polywire', server: 'polywire.ts' },
    peer: { name: 'grpc-go', server: 'grpc-go/server.ts' },
    target: 1,
    unit: 'calls/s',
    load: getByGrpc,
    unavailable: () => h2loadMissing() ?? goMissing(),
  },
  {
    name: 'graphql-list',
    title: 'GraphQL query of a list of 100 objects, 64 connections',
    ours: { name: 'polywire', server: 'graphql-polywire.ts' },
    peer: { name: 'mercurius (jit)', server: 'graphql-mercurius.ts' },
    target: 1,
    unit: 'requests/s',
    unavailable: wrkMissing,
    load: (port, durationMs) => post(port, durationMs, '/graphql', LIST_QUERY),
  },
  {
    name: 'graphql-list-yoga',
    title: 'GraphQL query of a list of 100 objects, 64 connections',
    ours: { name: 'polywire', server: 'graphql-polywire.ts' },
    peer: { name: 'yoga', server: 'graphql-yoga.ts' },
    target: 3,
    unit: 'requests/s',
    unavailable: wrkMissing,
    load: (port, durationMs) => post(port, durationMs, '/graphql', LIST_QUERY),
  },
  {
    name: 'soap',
    title: 'SOAP 1.1 command, validated by the schema, 64 connections, 10 requests pipelined',
    ours: { name: 'polywire', server: 'polywire.ts' },
    peer: { name: 'soap', server: 'soap.ts' },
    target: 5,
    unit: 'calls/s',
    unavailable: wrkMissing,
    load: (port, durationMs) =>
      http({
        port,
        durationMs,
        path: '/soap/items',
        inFlight: PIPELINED,
        headers: {
          'content-type': 'text/xml; charset=utf-8',
          soapaction: '"urn:polywire:items:items#Create"',
        },
        body: SOAP_CREATE,
      }),
  },
  ...MQTT,
];
