import assert from 'node:assert/strict';
import { test } from 'node:test';
import { application, callOf, operation } from '../hub/application.test-support.ts';
import { createHub } from '../hub/create-hub.ts';
import { NO_LOGGER } from '../hub/logger.ts';
import { metadataOf } from '../model/metadata.ts';
import { accessLog } from './access-log.ts';

test('every call has one line: a success in the access log, a failure in the log', async () => {
  const lines: [string, Record<string, unknown>][] = [];
  const logger = {
    ...NO_LOGGER,
    debug: (fields: object, text: string) => void lines.push([text, { ...fields }]),
    info: (fields: object, text: string) => void lines.push([text, { ...fields }]),
  };
  const hub = createHub({ logger, middleware: [accessLog(logger)] });
  const schema = { type: 'object', properties: { n: { type: 'integer' } } };
  const counted = operation('count', { input: { schema, stream: false } });
  hub.add(application([[counted, () => 'private answer']]));
  await hub.start();
  const meter = hub.diagnostics.meter('wire');
  const endpoint = hub.endpoint('test.count')!;
  const metadata = metadataOf({ 'x-secret': 'private header' });
  hub.invoke(endpoint, callOf({ n: 1, note: 'private input' }, { metadata }), meter);
  assert.throws(() => hub.invoke(endpoint, callOf({ n: 'private value' }), meter));
  assert.deepEqual(
    lines.map(([text]) => text),
    ['call', 'call refused'],
  );
  const [success, failure] = lines.map(([, fields]) => fields);
  assert.deepEqual(
    [success!.operation, success!.protocol, success!.principal],
    ['test.count', 'wire', 'local'],
  );
  assert.equal(typeof success!.durationMs, 'number');
  assert.equal(failure!.code, 'INVALID_ARGUMENT');
  assert.ok(!JSON.stringify(lines).includes('private'));
  await hub.stop();
});
