import type { DocumentKind } from '../../hub/protocol.ts';
import { buildModel } from './schema/build.ts';
import { printSdl } from './schema/sdl.ts';

/** The schema that `/graphql` serves, for one contract. */
export const sdl: DocumentKind = {
  format: 'graphql',
  title: 'GraphQL schema (SDL)',
  create: (contract) => printSdl(buildModel([contract])),
};
