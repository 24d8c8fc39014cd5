export type { Application, ApplicationServices, Context } from './model/application.ts';
export { contract } from './model/authoring/contract.ts';
export { command, error, event, query, service, stream } from './model/authoring/define.ts';
export { implement } from './model/authoring/implement.ts';
export type { SchemaInput, SchemaOutput } from './model/authoring/standard-schema.ts';
export type {
  EventName,
  EventPayload,
  Handlers,
  OperationError,
  OperationInput,
  OperationName,
  OperationOutput,
  StreamsInput,
  StreamsOutput,
  TypedContext,
  TypedContract,
  TypedServices,
} from './model/authoring/types.ts';
export type { Contract } from './model/contract.ts';
export { ContractError, parseContract } from './model/contract-form.ts';
export { checkContract, type Problem } from './model/contract-rules.ts';
export { FAULT_CODES, Fault, type FaultCode, type Violation } from './model/fault.ts';
export type { JsonSchema } from './model/schema.ts';
