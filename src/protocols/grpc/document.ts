import type { DocumentKind } from '../../hub/protocol.ts';
import { contractTypes } from '../../wire/protobuf/contract-types.ts';
import { protoText } from '../../wire/protobuf/proto-text.ts';

/** The .proto of a contract: one file for each service, because each has a package of its own. */
export const proto: DocumentKind = {
  format: 'proto',
  title: 'Protocol Buffers',
  create(contract) {
    const files = filesOf(contract);
    if (files.length !== 1) {
      throw new TypeError(
        `"${contract.name}" has ${files.length} services, and so ${files.length} .proto files; write them into a folder (--out <folder>)`,
      );
    }
    return files[0]!.text;
  },
  files: filesOf,
};

function filesOf(contract: Parameters<DocumentKind['create']>[0]) {
  return [...contractTypes(contract).services.values()].map(({ file }) => ({
    name: file.name,
    text: protoText(file),
  }));
}
