import type { XmlElement } from '../../../wire/xml/element.ts';
import { XSI } from '../namespaces.ts';
import { Misfit, shown, shownName } from './misfit.ts';

/** Checks that hold for elements of every type. */

/** Whether the element says that it has no value.
 * @throws Misfit where it may not, or has content all the same. */
export function isNil(element: XmlElement, nillable: boolean): boolean {
  if (element.attributes.length === 0) return false;
  const nil = element.attribute('nil', XSI)?.trim();
  if (nil === undefined || nil === 'false' || nil === '0') return false;
  if (nil !== 'true' && nil !== '1') {
    throw new Misfit(element, 'xsi:nil to be true or false', shown(nil));
  }
  if (!nillable) throw new Misfit(element, 'a value', 'xsi:nil');
  if (element.children.length > 0 || element.text !== '') {
    throw new Misfit(element, 'no content beside xsi:nil', 'content');
  }
  return true;
}

/** @throws Misfit for text where only elements may be. */
export function requireElementsOnly(element: XmlElement): void {
  if (element.text !== '' && !element.isTextBlank) {
    throw new Misfit(element, 'elements only', `the text ${shown(element.text.trim())}`);
  }
}

/** @throws Misfit for an element where only text may be. */
export function requireTextOnly(element: XmlElement): void {
  const [child] = element.children;
  if (child !== undefined)
    throw new Misfit(element, 'text only', `the element ${shownName(child)}`);
}

const XSI_ATTRIBUTES = new Set(['type', 'nil', 'schemaLocation', 'noNamespaceSchemaLocation']);

/** @param known local names of attributes that are declared
 * @throws Misfit for another attribute. */
export function requireKnownAttributes(
  element: XmlElement,
  known?: ReadonlyMap<string, unknown>,
): void {
  for (const { namespace, name } of element.attributes) {
    if (namespace === '' ? known?.has(name) : namespace === XSI && XSI_ATTRIBUTES.has(name)) {
      continue;
    }
    throw new Misfit(
      element,
      known === undefined || known.size === 0
        ? 'no attributes'
        : `no attributes but ${[...known.keys()].slice(0, 20).join(', ')}`,
      `the attribute ${shown(name)}`,
    );
  }
}

/** @throws Misfit where `xsi:type` names another type than the declared one. */
export function requireType(element: XmlElement, namespace: string, name: string): void {
  const text = element.attribute('type', XSI);
  if (text === undefined) return;
  const type = element.qualifiedName(text);
  if (type?.namespace === namespace && type.name === name) return;
  throw new Misfit(element, `the type ${name}`, `xsi:type ${shown(text)}`);
}
