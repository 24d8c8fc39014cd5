import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../model/fault.ts';
import { subjectText } from '../model/subject.ts';
import { filterOfPath, levelsOfPath, pathOfFilter, pathOfLevels } from './subject-path.ts';

const level = fc.oneof(
  fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()),
  fc.constantFrom('.', '..', '*', '>', '%', '%2A', '%252A', 'a/b', 'a.b', ' ', 'é', '', '%2e'),
);
const levels = fc.array(level, { minLength: 1, maxLength: 6 });

describe('subjects as paths', () => {
  it('levels come back, whatever they hold', () => {
    fc.assert(
      fc.property(levels, (some) => assert.deepEqual(levelsOfPath(pathOfLevels(some)), some)),
    );
  });

  it('survive what URL parsers do to a path', () => {
    fc.assert(
      fc.property(levels, (some) => {
        const path = pathOfLevels(some);
        const url = new URL(`http://host/publish/${path}`);
        assert.equal(url.pathname, `/publish/${path}`);
      }),
    );
  });

  it('a filter without wildcards is the subject itself', () => {
    fc.assert(
      fc.property(levels, (some) =>
        assert.equal(filterOfPath(pathOfLevels(some)), subjectText(some)),
      ),
    );
  });

  it('a segment * or > is a wildcard, plain or encoded; escaped it is a level', () => {
    assert.equal(filterOfPath('sensors/*/temperature'), 'sensors.*.temperature');
    assert.equal(filterOfPath('sensors/%3E'), 'sensors.>');
    assert.equal(filterOfPath('sensors/>'), 'sensors.>');
    assert.equal(filterOfPath('sensors/%252A'), 'sensors.%2A');
    assert.deepEqual(levelsOfPath('sensors/*'), ['sensors', '*']);
  });

  it('a plain dot in a segment is part of the level', () => {
    assert.deepEqual(levelsOfPath('version/1.5'), ['version', '1.5']);
    assert.equal(filterOfPath('version/1.5'), 'version.1%2E5');
  });

  it('broken percent-encoding is refused', () => {
    for (const path of ['%', 'a/%zz', '%ff']) {
      assert.throws(
        () => levelsOfPath(path),
        (error) => error instanceof Fault && error.code === 'INVALID_ARGUMENT',
      );
    }
  });
});

describe('filters as paths', () => {
  const segment = fc.oneof(
    fc.constantFrom('*', '>'),
    level.map((one) => subjectText([one])),
  );

  it('come back, whatever their levels hold', () => {
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 5 }), (segments) => {
        const filter = segments.join('.');
        assert.equal(filterOfPath(pathOfFilter(filter)), filter);
        const url = new URL(`http://host/subscribe/${pathOfFilter(filter)}`);
        assert.equal(filterOfPath(url.pathname.slice('/subscribe/'.length)), filter);
      }),
    );
  });
});
