/** Bounds on one document; past any of them it is refused with RESOURCE_EXHAUSTED. */
export interface XmlLimits {
  /** Elements within elements, the root being 1. */
  readonly maxDepth: number;
  readonly maxElements: number;
  /** Attributes of one element, namespace declarations among them. */
  readonly maxAttributes: number;
  /** Characters (UTF-16 units) of one name, prefix included. */
  readonly maxNameLength: number;
  /** Characters of the text of one element, or of one attribute. */
  readonly maxTextLength: number;
  /** Characters of the whole document. */
  readonly maxLength: number;
}

export const DEFAULT_XML_LIMITS: XmlLimits = {
  maxDepth: 100,
  maxElements: 200_000,
  maxAttributes: 64,
  maxNameLength: 512,
  maxTextLength: 64 * 1024 * 1024,
  maxLength: 64 * 1024 * 1024,
};
