import type { DocumentKind } from '../../hub/protocol.ts';

/** The schema that `/graphql` serves, for one contract. What writes it is loaded for it. */
export const sdl: DocumentKind = {
  format: 'graphql',
  title: 'GraphQL schema (SDL)',
  create: async (contract) => {
    const [{ buildModel }, { printSdl }] = await Promise.all([
      import('./schema/build.ts'),
      import('./schema/sdl.ts'),
    ]);
    return printSdl(buildModel([contract]));
  },
};
