import type { DocumentFile, DocumentKind } from '../../hub/protocol.ts';
import type { Contract } from '../../model/contract.ts';

/** The .proto of a contract: one file for each service, because each has a package of its own. */
export const proto: DocumentKind = {
  format: 'proto',
  title: 'Protocol Buffers',
  async create(contract) {
    const files = await filesOf(contract);
    if (files.length !== 1) {
      throw new TypeError(
        `"${contract.name}" has ${files.length} services, and so ${files.length} .proto files; write them into a folder (--out <folder>)`,
      );
    }
    return files[0]!.text;
  },
  files: filesOf,
};

/** Loaded when a document is asked for, so that a hub that starts does not wait for it. */
async function filesOf(contract: Contract): Promise<DocumentFile[]> {
  const { contractTypes } = await import('../../wire/protobuf/contract-types.ts');
  const { protoText } = await import('../../wire/protobuf/proto-text.ts');
  return [...contractTypes(contract).services.values()].map(({ file }) => ({
    name: file.name,
    text: protoText(file),
  }));
}
