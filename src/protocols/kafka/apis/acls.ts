import { handler } from '../dispatch.ts';
import { ERROR } from '../errors.ts';
import { array, int8, int16, int32, string } from '../wire/fields.ts';
import { message } from '../wire/message.ts';

/** As a Kafka broker without an authorizer says it. */
const NO_ACLS = {
  errorCode: ERROR.SECURITY_DISABLED,
  errorMessage:
    'There are no ACLs here: who may do what is decided by the scopes in the configuration of the hub.',
};

/**
 * DescribeAcls (29).
 *
 *     request  => resourceTypeFilter resourceNameFilter patternTypeFilter principalFilter hostFilter
 *                 operation permissionType
 *     response => throttleTimeMs errorCode errorMessage [resource]
 */
export const describeAcls = handler({
  key: 29,
  name: 'DescribeAcls',
  versions: [1, 3],
  request: message(2, {
    resourceTypeFilter: int8,
    resourceNameFilter: string.nullable(),
    patternTypeFilter: int8.or(3),
    principalFilter: string.nullable(),
    hostFilter: string.nullable(),
    operation: int8,
    permissionType: int8,
  }),
  response: message(2, {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: string.nullable(),
    resources: array({
      resourceType: int8,
      resourceName: string,
      patternType: int8.or(3),
      acls: array({ principal: string, host: string, operation: int8, permissionType: int8 }),
    }),
  }),
  handle: () => NO_ACLS,
});

/**
 * CreateAcls (30).
 *
 *     request  => [resourceType resourceName resourcePatternType principal host operation
 *                 permissionType]
 *     response => throttleTimeMs [errorCode errorMessage]
 */
export const createAcls = handler({
  key: 30,
  name: 'CreateAcls',
  versions: [1, 3],
  request: message(2, {
    creations: array({
      resourceType: int8,
      resourceName: string,
      resourcePatternType: int8.or(3),
      principal: string,
      host: string,
      operation: int8,
      permissionType: int8,
    }),
  }),
  response: message(2, {
    throttleTimeMs: int32,
    results: array({ errorCode: int16, errorMessage: string.nullable() }),
  }),
  handle: ({ creations }) => ({ results: creations.map(() => NO_ACLS) }),
});

/**
 * DeleteAcls (31).
 *
 *     request  => [filter]                                   as in DescribeAcls
 *     response => throttleTimeMs [errorCode errorMessage [matchingAcl]]
 */
export const deleteAcls = handler({
  key: 31,
  name: 'DeleteAcls',
  versions: [1, 3],
  request: message(2, {
    filters: array({
      resourceTypeFilter: int8,
      resourceNameFilter: string.nullable(),
      patternTypeFilter: int8.or(3),
      principalFilter: string.nullable(),
      hostFilter: string.nullable(),
      operation: int8,
      permissionType: int8,
    }),
  }),
  response: message(2, {
    throttleTimeMs: int32,
    filterResults: array({
      errorCode: int16,
      errorMessage: string.nullable(),
      matchingAcls: array({
        errorCode: int16,
        errorMessage: string.nullable(),
        resourceType: int8,
        resourceName: string,
        patternType: int8.or(3),
        principal: string,
        host: string,
        operation: int8,
        permissionType: int8,
      }),
    }),
  }),
  handle: ({ filters }) => ({ filterResults: filters.map(() => NO_ACLS) }),
});
