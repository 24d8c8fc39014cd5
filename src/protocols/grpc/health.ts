import { Fault } from '../../model/fault.ts';
import { enumeration, field, message } from '../../wire/protobuf/by-hand.ts';
import { type ProtoFile, scalar } from '../../wire/protobuf/types.ts';
import { type BuiltIn, OwnStream } from './built-in.ts';
import type { GrpcContext } from './enveloped.ts';

/** Health of the hub and its services (https://github.com/grpc/grpc/blob/master/doc/health-checking.md).
 * Like the hub's other health checks it needs no credentials. */

const PACKAGE = 'grpc.health.v1';
const SERVICE = `${PACKAGE}.Health`;

const ServingStatus = enumeration(`${PACKAGE}.HealthCheckResponse.ServingStatus`, {
  UNKNOWN: 0,
  SERVING: 1,
  NOT_SERVING: 2,
  SERVICE_UNKNOWN: 3,
});
const Request = message(`${PACKAGE}.HealthCheckRequest`, [field(1, 'service', scalar('string'))]);
const Response = message(`${PACKAGE}.HealthCheckResponse`, [field(1, 'status', ServingStatus)]);
Response.enums.push(ServingStatus);

type Status = 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';

/** @param isService whether a full name, `orders.Orders`, is served */
export function healthMethods(
  context: GrpcContext,
  isService: (name: string) => boolean,
): BuiltIn[] {
  const own = (): Status => (context.hub.state === 'ready' ? 'SERVING' : 'NOT_SERVING');
  return [
    {
      service: SERVICE,
      name: 'Check',
      input: Request,
      output: Response,
      query: true,
      answer({ input }) {
        const { service } = input as { service: string };
        if (service === '' || isService(service)) return { status: own() };
        throw new Fault(
          'NOT_FOUND',
          `There is no service ${JSON.stringify(service.slice(0, 200))}.`,
        );
      },
    },
    {
      service: SERVICE,
      name: 'Watch',
      input: Request,
      output: Response,
      outputStreams: true,
      answer(call) {
        const { service } = call.input as { service: string };
        const known = service === '' || isService(service);
        const stream = new OwnStream<{ status: Status }>(context, call, 4, () => {
          if (known) stream.push({ status: 'NOT_SERVING' });
        });
        // Services do not come and go while a hub runs: a later word is only said at its end.
        stream.push({ status: known ? own() : 'SERVICE_UNKNOWN' });
        return stream;
      },
    },
  ];
}

export const HEALTH_FILE: ProtoFile = {
  name: 'grpc/health/v1/health.proto',
  package: PACKAGE,
  messages: [Request, Response],
  enums: [],
  services: [],
};
export const HEALTH_SERVICE = SERVICE;
