import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { subjectLevels, subjectText } from '../../model/subject.ts';
import { filterLevels, publishLevels } from './names.ts';
import { SubjectTrie } from './trie.ts';

/** The meaning of filters, as plainly as it can be written. */
function matches(filter: readonly string[], levels: readonly string[]): boolean {
  const [head, ...tail] = filter;
  if (head === undefined) return levels.length === 0;
  if (levels.length === 0) return false;
  if (head === '>') return true;
  return (head === '*' || head === levels[0]) && matches(tail, levels.slice(1));
}

const level = fc.constantFrom('a', 'b', 'c', '');
const subject = fc.array(level, { minLength: 1, maxLength: 5 });
const filter = fc
  .tuple(
    fc.array(fc.oneof(level, fc.constant('*')), { maxLength: 4 }),
    fc.constantFrom('a', 'b', '*', '>'),
  )
  .map(([head, last]) => [...head, last]);

test('the trie finds exactly what a naive matcher finds, through additions and removals', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ filter, keep: fc.boolean() }), { maxLength: 30 }),
      fc.array(subject, { minLength: 1, maxLength: 10 }),
      (entries, subjects) => {
        const trie = new SubjectTrie<number>();
        for (const [index, entry] of entries.entries()) trie.add(entry.filter, index);
        entries.forEach((entry, index) => {
          if (!entry.keep) assert.equal(trie.remove(entry.filter, index), true);
        });
        assert.equal(trie.size, entries.filter(({ keep }) => keep).length);
        for (const levels of subjects) {
          const found: number[] = [];
          trie.match(levels, found);
          const expected = entries.flatMap((entry, index) =>
            entry.keep && matches(entry.filter, levels) ? [index] : [],
          );
          assert.deepEqual(
            found.sort((a, b) => a - b),
            expected,
          );
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('what was taken out leaves nothing behind', () => {
  const trie = new SubjectTrie<number>();
  trie.add(['a', '*', '>'], 1);
  assert.equal(trie.remove(['a', '*', '>'], 2), false);
  assert.equal(trie.remove(['a', 'x'], 1), false);
  assert.equal(trie.remove(['a', '*', '>'], 1), true);
  assert.equal(trie.remove(['a', '*', '>'], 1), false);
  assert.equal(trie.size, 0);
});

test('">" stands for one level or more, not for none', () => {
  const trie = new SubjectTrie<string>();
  trie.add(['a', '>'], 'x');
  const found = (levels: string[]): string[] => {
    const values: string[] = [];
    trie.match(levels, values);
    return values;
  };
  assert.deepEqual(found(['a']), []);
  assert.deepEqual(found(['a', 'b']), ['x']);
  assert.deepEqual(found(['a', 'b', 'c']), ['x']);
});

// Any UTF-16 text, lone surrogates included: names come from other systems.
const anyLevel = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('.', '*', '>', '%', ' ', '2', 'E', 'ü', '\ud800', '\u2028') }),
);

test('subject text and levels are two forms of the same, for any levels', () => {
  fc.assert(
    fc.property(fc.array(anyLevel, { minLength: 1, maxLength: 6 }), (levels) => {
      assert.deepEqual(subjectLevels(subjectText(levels)), levels);
    }),
    { numRuns: 2000 },
  );
});

test('a subject made of any levels can be published on, and its own filter finds it alone', () => {
  fc.assert(
    fc.property(
      fc.array(anyLevel, { minLength: 1, maxLength: 6 }),
      fc.array(anyLevel, { minLength: 1, maxLength: 6 }),
      (one, other) => {
        const text = subjectText(one);
        fc.pre(text !== '' && subjectText(other) !== '');
        const trie = new SubjectTrie<number>();
        trie.add(filterLevels(text), 1);
        for (const levels of [one, other]) {
          const found: number[] = [];
          trie.match(publishLevels(subjectText(levels)), found);
          assert.equal(found.length === 1, subjectText(levels) === text);
        }
      },
    ),
    { numRuns: 1000 },
  );
});
