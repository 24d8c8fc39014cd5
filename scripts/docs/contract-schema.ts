import { CONTRACT_SCHEMA } from '../../src/model/contract-form.ts';
import type { GeneratedDocument } from '../docs.ts';

/** docs/generated/contract.schema.json: the neutral form of a contract, for editors and other tools. */
export const contractSchemaDocument: GeneratedDocument = {
  path: 'docs/generated/contract.schema.json',
  make: () => `${JSON.stringify(CONTRACT_SCHEMA, null, 2)}\n`,
};
