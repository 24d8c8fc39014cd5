import { compileSchema } from '../../../model/validation/validator.ts';
import type { ObjectType, UnionType } from '../schema/types.ts';

type Choose = (value: unknown) => ObjectType | undefined;

const known = new WeakMap<UnionType, Choose>();

/** Which type of a union a value is: by its discriminator, else the first whose schema it fits. */
export function optionOf(union: UnionType, value: unknown): ObjectType | undefined {
  let choose = known.get(union);
  if (choose === undefined) known.set(union, (choose = chooserOf(union)));
  return choose(value);
}

function chooserOf(union: UnionType): Choose {
  const { discriminator } = union;
  if (discriminator !== undefined) {
    const types = new Map(union.options.map((option) => [option.tag, option.type]));
    return (value) => types.get((value as Readonly<Record<string, unknown>>)[discriminator]);
  }
  const tests = union.options.map(({ schema, contract, type }) => ({
    validator: compileSchema(schema, contract.$defs),
    type,
  }));
  return (value) => tests.find(({ validator }) => validator.check(value))?.type;
}
