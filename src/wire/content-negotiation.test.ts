import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  HeaderMemory,
  jsonBodyOf,
  parseMediaType,
  preferredEncoding,
  preferredType,
} from './content-negotiation.ts';

describe('Accept', () => {
  const both = ['text/event-stream', 'application/x-ndjson'];

  it('absent, empty or */* takes the first offer', () => {
    assert.equal(preferredType(undefined, both), both[0]);
    assert.equal(preferredType(' ', both), both[0]);
    assert.equal(preferredType('*/*', both), both[0]);
  });

  it('weights decide', () => {
    assert.equal(preferredType('text/event-stream;q=0.5, application/x-ndjson', both), both[1]);
    assert.equal(preferredType('application/*;q=0.9, text/*;q=0.1', both), both[1]);
  });

  it('the most specific range decides, and weight 0 excludes (RFC 9110 section 12.5.1)', () => {
    assert.equal(preferredType('*/*, text/event-stream;q=0', both), both[1]);
    assert.equal(preferredType('*/*;q=0', both), undefined);
    assert.equal(preferredType('text/*;q=0, */*;q=0.1', both), both[1]);
  });

  it('nothing acceptable answers undefined', () => {
    assert.equal(preferredType('image/png', ['application/json']), undefined);
    assert.equal(preferredType('nonsense', ['application/json']), undefined);
  });

  it('takes quoted parameters with commas in them', () => {
    assert.equal(
      preferredType('text/x;p="a,b;c", application/json', ['application/json']),
      'application/json',
    );
  });
});

describe('Accept-Encoding', () => {
  const offers = ['br', 'gzip'];

  it('absent or empty means none; earlier offers win among equals', () => {
    assert.equal(preferredEncoding(undefined, offers), undefined);
    assert.equal(preferredEncoding('', offers), undefined);
    assert.equal(preferredEncoding('gzip, deflate, br', offers), 'br');
    assert.equal(preferredEncoding('identity', offers), undefined);
  });

  it('weights and the star count', () => {
    assert.equal(preferredEncoding('gzip;q=1.0, br;q=0.2', offers), 'gzip');
    assert.equal(preferredEncoding('*', offers), 'br');
    assert.equal(preferredEncoding('br;q=0, *', offers), 'gzip');
    assert.equal(preferredEncoding('x-gzip', offers), 'gzip');
  });
});

describe('Content-Type', () => {
  it('takes JSON and +json in UTF-8 and nothing else', () => {
    assert.equal(jsonBodyOf('application/json'), 'json');
    assert.equal(jsonBodyOf('Application/JSON; charset="UTF-8"'), 'json');
    assert.equal(jsonBodyOf('application/merge-patch+json'), 'json');
    assert.equal(jsonBodyOf('application/json; charset=latin1'), 'not utf-8');
    assert.equal(jsonBodyOf('text/json'), 'not json');
    assert.equal(jsonBodyOf('application/x-www-form-urlencoded'), 'not json');
    assert.equal(jsonBodyOf('json'), 'not json');
  });

  it('parses parameters with quoted pairs', () => {
    assert.equal(parseMediaType('a/b; x="q\\"q"')?.parameters.get('x'), 'q"q');
    assert.equal(parseMediaType('a/b; x'), undefined);
    assert.equal(parseMediaType('a b/c'), undefined);
  });
});

describe('any header text', () => {
  it('never throws, and its memory stays bounded', () => {
    const memory = new HeaderMemory((header) => preferredType(header, ['application/json']) ?? '');
    fc.assert(
      fc.property(fc.string(), (text) => {
        assert.equal(memory.get(text), preferredType(text, ['application/json']) ?? '');
        preferredEncoding(text, ['br', 'gzip']);
        jsonBodyOf(text);
      }),
    );
  });
});
