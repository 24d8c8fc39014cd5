import type { XmlElement } from '../../wire/xml/element.ts';
import { invalidRequest } from './faults.ts';
import { requireBlank, textOf, wrong } from './read-value.ts';

/** A `<methodCall>`, its values not read yet: how to read them depends on the method. */
export interface MethodCall {
  readonly method: string;
  /** The `<value>` of each parameter. */
  readonly params: readonly XmlElement[];
}

const NO_PARAMS: readonly XmlElement[] = Object.freeze([]);

/** @throws XmlRpcFault -32600 for a document that is no call */
export function methodCallOf(root: XmlElement, maxParams: number): MethodCall {
  if (!root.is('', 'methodCall')) {
    throw wrong(root, `the document is a <methodCall>, not <${root.name.slice(0, 60)}>`);
  }
  requireBlank(root);
  const [name, params, ...others] = root.children;
  if (name === undefined || !name.is('', 'methodName')) {
    throw wrong(root, 'a <methodCall> begins with a <methodName>');
  }
  if (others.length > 0 || (params !== undefined && !params.is('', 'params'))) {
    throw wrong(others[0] ?? params!, 'behind the <methodName> comes at most one <params>');
  }
  const method = textOf(name).trim();
  if (method === '') throw wrong(name, 'the <methodName> is empty');
  return { method, params: params === undefined ? NO_PARAMS : paramsOf(params, maxParams) };
}

function paramsOf(params: XmlElement, maxParams: number): XmlElement[] {
  requireBlank(params);
  if (params.children.length > maxParams) {
    throw invalidRequest(
      `The call has ${params.children.length} parameters; at most ${maxParams} are taken.`,
    );
  }
  return params.children.map((param) => {
    requireBlank(param);
    const value = param.children[0];
    if (!param.is('', 'param') || param.children.length !== 1 || !value!.is('', 'value')) {
      throw wrong(param, 'the <params> hold <param> elements with one <value> each');
    }
    return value!;
  });
}
