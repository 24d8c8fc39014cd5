import { UNKNOWN_VERSION } from '../context.ts';
import { type AnyHandler, handler } from '../dispatch.ts';
import { ERROR } from '../errors.ts';
import { TRANSACTION_FEATURE } from '../transactions/features.ts';
import { array, bool, int16, int32, int64, string } from '../wire/fields.ts';
import { message } from '../wire/message.ts';

/**
 * ApiVersions (18): which APIs are served, in which versions.
 *
 *     request  => clientSoftwareName clientSoftwareVersion                          from version 3
 *     response => errorCode [apiKey minVersion maxVersion] throttleTimeMs(1)
 *
 * Version 4 allows the minimum 0 in supported features, so that before it those are not told. A
 * request in a version that is not served is answered in the form of version 0.
 */
const request = message(3, {
  clientSoftwareName: string.from(3),
  clientSoftwareVersion: string.from(3),
});

const response = message(3, {
  errorCode: int16,
  apiKeys: array({ apiKey: int16, minVersion: int16, maxVersion: int16 }),
  throttleTimeMs: int32.from(1),
  supportedFeatures: array({ name: string, minVersion: int16, maxVersion: int16 }).from(3).tag(0),
  finalizedFeaturesEpoch: int64.from(3).or(-1).tag(1),
  finalizedFeatures: array({ name: string, maxVersionLevel: int16, minVersionLevel: int16 })
    .from(3)
    .tag(2),
  zkMigrationReady: bool.from(3).tag(3),
});

/** Counts changes of features, of which there are none. */
const FEATURES_EPOCH = 1;

export const apiVersions: AnyHandler = handler({
  key: 18,
  name: 'ApiVersions',
  versions: [0, 4],
  request,
  response,
  anonymous: true,
  handle: (asked, { broker, version }) => {
    const apiKeys = [...broker.handlers.values()].map(({ key, versions: [first, last] }) => ({
      apiKey: key,
      minVersion: first,
      maxVersion: last,
    }));
    if (version === UNKNOWN_VERSION) return { errorCode: ERROR.UNSUPPORTED_VERSION, apiKeys };
    if (
      version >= 3 &&
      !(isSoftware(asked.clientSoftwareName) && isSoftware(asked.clientSoftwareVersion))
    ) {
      return { errorCode: ERROR.INVALID_REQUEST };
    }
    return { apiKeys, ...features(version) };
  },
});

/** What clients may rely on. */
function features(version: number) {
  const { name, level } = TRANSACTION_FEATURE;
  return {
    supportedFeatures: version < 4 ? [] : [{ name, minVersion: 0, maxVersion: level }],
    finalizedFeaturesEpoch: FEATURES_EPOCH,
    finalizedFeatures: [{ name, maxVersionLevel: level, minVersionLevel: level }],
  };
}

/** KIP-511. */
function isSoftware(text: string): boolean {
  return /^[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?$/.test(text);
}
