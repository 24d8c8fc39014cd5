import type { Contract } from '../../src/model/contract.ts';
import { STATUS_FILE } from '../../src/protocols/grpc/status.ts';
import { contractTypes } from '../../src/wire/protobuf/contract-types.ts';
import { fileDescriptorSet } from '../../src/wire/protobuf/descriptor.ts';
import { protoText } from '../../src/wire/protobuf/proto-text.ts';

/** google.rpc.Status and its details, written down for clients that read them from a file. */
export const STANDARD_PROTOS = `syntax = "proto3";
package test;
message Any { string type_url = 1; bytes value = 2; }
message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
message BadRequest {
  message FieldViolation { string field = 1; string description = 2; }
  repeated FieldViolation field_violations = 1;
}
`;

export function protoOf(contract: Contract, service: string): string {
  return protoText(contractTypes(contract).services.get(service)!.file);
}

/** The bytes of a google.protobuf.FileDescriptorSet of a contract. */
export function descriptorSetOf(contract: Contract): Buffer {
  return fileDescriptorSet([...contractTypes(contract).services.values()].map(({ file }) => file));
}

/** Those of google.rpc.Status and its details. */
export const STATUS_DESCRIPTORS: Buffer = fileDescriptorSet([STATUS_FILE]);
