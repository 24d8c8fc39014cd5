import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../model/fault.ts';
import type { XmlElement } from './element.ts';
import { XmlFault } from './fault.ts';
import type { XmlLimits } from './limits.ts';
import { parseXml, XmlReader } from './reader.ts';
import { escapeAttribute, escapeText } from './writer.ts';

function refusal(document: string | Uint8Array, limits: Partial<XmlLimits> = {}): XmlFault {
  try {
    parseXml(document, limits);
  } catch (error) {
    assert.ok(error instanceof XmlFault, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: `accepted: ${String(document).slice(0, 200)}` });
}

describe('a document is read into a tree', () => {
  it('with namespaces, attributes, references and CDATA', () => {
    const root = parseXml(
      '<?xml version="1.0"?><a:x xmlns:a="urn:a" xmlns="urn:d" one="1&#10;2" a:two="&lt;">' +
        '<y>t&amp;<![CDATA[<raw>]]>&#x1F600;</y><!-- c --><z xmlns="" xml:space="preserve"> </z></a:x>',
    );
    assert.ok(root.is('urn:a', 'x'));
    assert.equal(root.attribute('one'), '1\n2');
    assert.equal(root.attribute('two', 'urn:a'), '<');
    assert.equal(root.attribute('two'), undefined);
    assert.equal(root.attributes.length, 2);
    assert.equal(root.child('urn:d', 'y')?.text, 't&<raw>\u{1F600}');
    const blank = root.child('', 'z');
    assert.equal(blank?.text, ' ');
    assert.ok(blank?.isTextBlank);
  });

  it('with the prefixes that content refers to', () => {
    const root = parseXml('<r xmlns:e="urn:e" xmlns="urn:d"><c xmlns:e="urn:f">e:Name</c></r>');
    const [child] = root.children;
    assert.deepEqual(child?.qualifiedName(child.text), { namespace: 'urn:f', name: 'Name' });
    assert.deepEqual(child?.qualifiedName(' Plain '), { namespace: 'urn:d', name: 'Plain' });
    assert.equal(child?.qualifiedName('no:Name'), undefined);
    assert.equal(child?.namespaceOf('__proto__'), undefined);
  });

  it('with members named like those of every object', () => {
    const root = parseXml(
      '<r __proto__="a" constructor="b" xmlns:__proto__="urn:p"><__proto__:x/></r>',
    );
    assert.equal(root.attribute('__proto__'), 'a');
    assert.equal(root.attribute('constructor'), 'b');
    assert.ok(root.children[0]?.is('urn:p', 'x'));
  });

  it('with line ends as one line feed', () => {
    assert.equal(parseXml('<r>a\r\nb\rc&#13;</r>').text, 'a\nb\nc\r');
  });
});

describe('what is no document is refused with its place', () => {
  const malformed: Record<string, string> = {
    'nothing at all': '',
    'only space': ' \n ',
    'text alone': 'hello',
    'an unclosed element': '<a><b></b>',
    'a crossed end tag': '<a><b></a></b>',
    'a second root': '<a/><b/>',
    'text after the root': '<a/>x',
    'an attribute twice': '<a x="1" x="2"/>',
    'an attribute twice by two prefixes': '<a xmlns:p="u" xmlns:q="u" p:x="1" q:x="2"/>',
    'an attribute without quotes': '<a x=1/>',
    'a < in an attribute': '<a x="<"/>',
    'an undeclared prefix': '<p:a/>',
    'an undeclared prefix of an attribute': '<a p:x="1"/>',
    'the prefix xmlns': '<xmlns:a/>',
    'a wrong namespace for xml': '<a xmlns:xml="urn:other"/>',
    'an unknown entity': '<a>&nbsp;</a>',
    'an entity named like a member of every object': '<a>&constructor;</a>',
    'a bare ampersand': '<a>a & b</a>',
    'a control character': '<a>\u0001</a>',
    'a NUL': '<a>\u0000</a>',
    'a reference to a control character': '<a>&#1;</a>',
    'a reference to a surrogate': '<a>&#xD800;</a>',
    'a reference past Unicode': '<a>&#x110000;</a>',
    'a huge reference': `<a>&#${'9'.repeat(1000)};</a>`,
    ']]> in text': '<a>]]></a>',
    '-- in a comment': '<a><!-- a -- b --></a>',
    'a processing instruction': '<a><?php x?></a>',
    'a stylesheet': '<?xml-stylesheet href="x"?><a/>',
    'XML 1.1': '<?xml version="1.1"?><a/>',
    'a name that starts with a digit': '<1a/>',
    'two colons in a name': '<a:b:c xmlns:a="u"/>',
    'an empty prefix declaration': '<a xmlns:p=""><p:b/></a>',
  };
  for (const [name, document] of Object.entries(malformed)) {
    it(name, () => {
      const fault = refusal(document);
      assert.equal(fault.code, 'INVALID_ARGUMENT');
      assert.match(fault.message, /^XML at line \d+, column \d+: [A-Z"]/);
    });
  }

  it('at the line where it is', () => {
    const fault = refusal('<a>\n  <b>\n </c></b></a>');
    assert.equal(fault.line, 3);
    assert.ok(fault.column >= 4);
  });
});

describe('attacks cost nothing', () => {
  it('a document type is refused, whatever it declares', () => {
    const bomb =
      '<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">' +
      '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><l>&c;</l>';
    for (const document of [
      bomb,
      '<!DOCTYPE r SYSTEM "http://127.0.0.1:1/evil.dtd"><r/>',
      '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>',
      '<!DOCTYPE r [<!ENTITY % p SYSTEM "http://127.0.0.1:1/p"> %p;]><r/>',
      '<!DOCTYPE html><r/>',
    ]) {
      assert.match(refusal(document).message, /DOCTYPE/);
    }
  });

  it('nesting, elements, attributes, names, text and length are bounded', () => {
    const cases: [string, Partial<XmlLimits>][] = [
      ['<a>'.repeat(101), {}],
      [`<a>${'<b/>'.repeat(20)}</a>`, { maxElements: 20 }],
      [`<a ${Array.from({ length: 65 }, (_, index) => `a${index}=""`).join(' ')}/>`, {}],
      [`<a ${Array.from({ length: 65 }, (_, index) => `xmlns:a${index}="u"`).join(' ')}/>`, {}],
      [`<${'a'.repeat(513)}/>`, {}],
      [`<a ${'a'.repeat(513)}=""/>`, {}],
      [`<a>${'t'.repeat(11)}</a>`, { maxTextLength: 10 }],
      [`<a><![CDATA[${'t'.repeat(6)}]]>${'t'.repeat(6)}</a>`, { maxTextLength: 10 }],
      [`<a x="${'t'.repeat(11)}"/>`, { maxTextLength: 10 }],
      [`<a>${' '.repeat(100)}</a>`, { maxLength: 50 }],
    ];
    for (const [document, limits] of cases) {
      assert.equal(refusal(document, limits).code, 'RESOURCE_EXHAUSTED', document.slice(0, 80));
    }
  });

  it('a flood of attributes ends at the first one too many', () => {
    const reader = new XmlReader({ maxAttributes: 8 });
    reader.push('<a');
    assert.throws(() => {
      for (let index = 0; index < 9; index++) reader.push(` a${index}="1"`);
    }, XmlFault);
  });
});

it('says what kind of problem it is', () => {
  for (const [bytes, problem] of [
    ['<a><b></a>', 'syntax'],
    ['<!DOCTYPE a><a/>', 'syntax'],
    ['<a>\u0001</a>', 'character'],
    ['<a>&#1;</a>', 'syntax'],
    [Buffer.from([0x3c, 0xff]), 'character'],
    ['<?xml version="1.0" encoding="KOI8-R"?><a/>', 'encoding'],
    ['<a>'.repeat(101), 'limit'],
  ] as const) {
    assert.equal(refusal(Buffer.from(bytes as string)).problem, problem, String(bytes));
  }
});

describe('the encoding', () => {
  const text = '<a>\u00e4\u{1F600}</a>';
  const utf16le = Buffer.from(text, 'utf16le');
  const utf16be = Buffer.from(text, 'utf16le').swap16();

  it('is known by mark, transport, declaration and shape', () => {
    for (const bytes of [
      Buffer.from(text),
      Buffer.from(`\uFEFF${text}`),
      Buffer.from(`<?xml version="1.0" encoding='utf-8'?>${text}`),
      Buffer.from(`\uFEFF<?xml version="1.0" encoding="UTF-16"?>${text}`, 'utf16le'),
      Buffer.concat([Buffer.from([0xff, 0xfe]), utf16le]),
      Buffer.concat([Buffer.from([0xfe, 0xff]), utf16be]),
      utf16le,
      utf16be,
    ]) {
      assert.equal(parseXml(bytes).text, '\u00e4\u{1F600}');
    }
    assert.equal(parseXml(utf16be, {}, 'UTF-16').text, '\u00e4\u{1F600}');
    assert.equal(parseXml(utf16le, {}, 'utf-16le').text, '\u00e4\u{1F600}');
    const latin1 = Buffer.from(
      '<?xml version="1.0" encoding="ISO-8859-1"?><a>\u00e4</a>',
      'latin1',
    );
    assert.equal(parseXml(latin1).text, '\u00e4');
    assert.equal(parseXml(latin1, {}, 'iso-8859-1').text, '\u00e4');
  });

  it('has to be the one of the bytes', () => {
    for (const bytes of [
      Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e]),
      Buffer.from('<?xml version="1.0" encoding="UTF-16"?><a/>'),
      Buffer.from('<?xml version="1.0" encoding="EBCDIC-CP-US"?><a/>'),
      Buffer.from('<?xml version="1.0" encoding="UTF-7"?><a/>'),
      Buffer.concat([utf16le, Buffer.from([0])]),
      Buffer.from('<\0a\0>\0\0\xd8<\0', 'latin1'),
    ]) {
      assert.equal(refusal(bytes).code, 'INVALID_ARGUMENT');
    }
    assert.throws(() => parseXml(Buffer.from('<a/>'), {}, 'windows-1252'), XmlFault);
  });
});

function show(element: XmlElement): unknown {
  return [
    element.namespace,
    element.name,
    element.attributes.map((one) => [one.namespace, one.name, one.value]),
    element.text,
    element.children.map(show),
  ];
}

describe('any bytes', () => {
  const xmlText = fc
    .string({ unit: 'binary', maxLength: 20 })
    .map((text) => text.replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, ''));
  const node = (children: fc.Arbitrary<string[]>) =>
    fc
      .tuple(fc.constantFrom('a', 'b', 'n:c', 'n:d'), xmlText, xmlText, children)
      .map(
        ([name, attribute, text, inner]) =>
          `<${name} xmlns:n="urn:n" at="${escapeAttribute(attribute)}">${escapeText(text)}${inner.join('')}</${name}>`,
      );
  let tree = node(fc.constant([]));
  for (let depth = 0; depth < 3; depth++) tree = node(fc.array(tree, { maxLength: 3 }));

  it('give the same tree however they are split', () => {
    fc.assert(
      fc.property(tree, fc.array(fc.nat(), { maxLength: 8 }), (document, cuts) => {
        const whole = show(parseXml(document));
        const reader = new XmlReader();
        const places = cuts.map((cut) => cut % (document.length + 1)).sort((a, b) => a - b);
        let from = 0;
        for (const place of [...places, document.length]) {
          reader.push(document.slice(from, place));
          from = place;
        }
        assert.deepEqual(show(reader.end()), whole);
        const single = new XmlReader();
        for (let at = 0; at < document.length; at++) single.push(document.charAt(at));
        assert.deepEqual(show(single.end()), whole);
      }),
      { numRuns: 60 },
    );
  });

  it('are read or refused with a fault, never anything else', () => {
    const pieces = fc.constantFrom(
      '<',
      '>',
      '/',
      '&',
      ';',
      '"',
      "'",
      '=',
      'a',
      'xmlns',
      ':',
      '<!',
      '[CDATA[',
      ']]>',
      '--',
      '<?xml ',
      '?>',
      '#x41',
      ' ',
      '\u0000',
      '\uD800',
    );
    const check = (document: string | Uint8Array) => {
      try {
        parseXml(document);
      } catch (error) {
        assert.ok(error instanceof Fault, String(error));
      }
    };
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => check(parts.join(''))),
      {
        numRuns: 500,
      },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), check), { numRuns: 300 });
    fc.assert(
      fc.property(tree, fc.nat(), fc.nat(255), (document, at, byte) => {
        const bytes = Buffer.from(document);
        bytes[at % bytes.length] = byte;
        check(bytes);
      }),
      { numRuns: 200 },
    );
  });
});
