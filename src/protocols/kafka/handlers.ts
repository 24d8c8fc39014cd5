import { apiVersions } from './apis/api-versions.ts';
import { type AnyHandler, dispatchMap } from './dispatch.ts';
import { GROUP_HANDLERS } from './groups/handlers.ts';

/** Everything that is served, and told to clients by ApiVersions. */
export const HANDLERS: ReadonlyMap<number, AnyHandler> = dispatchMap([apiVersions], GROUP_HANDLERS);
