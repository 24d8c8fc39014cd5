import type { Contract, Payload } from './contract.ts';
import { fullName } from './contract.ts';
import type { Report } from './contract-rules.ts';
import type { JsonSchema } from './schema.ts';
import { findViolations } from './validation/violations.ts';

/** That every example fits the schema it is an example of. */
export function checkExamples(contract: Contract, report: Report): void {
  const check = (schema: JsonSchema, value: unknown, place: string): void => {
    for (const { path, expected, received } of findViolations(schema, contract.$defs, value)) {
      const at = path === '' ? '' : ` at ${path}`;
      report(place, `the example does not fit${at}: expected ${expected}, found ${received}`);
    }
  };
  const checkPayload = (payload: Payload, value: unknown, place: string): void => {
    if (!payload.stream) check(payload.schema, value, place);
    else if (!Array.isArray(value)) {
      report(place, 'the example of a stream must be an array of its items');
    } else {
      for (const [index, item] of value.entries()) check(payload.schema, item, `${place} ${index}`);
    }
  };
  for (const service of contract.services) {
    for (const operation of service.operations) {
      for (const example of operation.examples) {
        const place = `operation ${fullName(service, operation)}, example "${example.name}"`;
        const { input, output } = example;
        if (input !== undefined) checkPayload(operation.input, input, `${place}, input`);
        if (output !== undefined) checkPayload(operation.output, output, `${place}, output`);
      }
    }
    for (const event of service.events) {
      for (const [index, example] of event.examples.entries()) {
        check(event.schema, example, `event ${fullName(service, event)}, example ${index + 1}`);
      }
    }
  }
}
