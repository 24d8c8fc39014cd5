import { HeaderMemory, type MediaType, parseMediaType } from '../../wire/content-negotiation.ts';
import { HttpFault } from '../../wire/problem.ts';
import type { SoapVersion } from './envelope.ts';

/** What a request's Content-Type says. */
export interface MessageMedia {
  readonly version: SoapVersion | undefined;
  readonly charset: string | undefined;
  /** Of SOAP 1.2, as `action` parameter. */
  readonly action: string | undefined;
  /** Set for a message with attachments. */
  readonly multipart: MediaType | undefined;
}

const memory = new HeaderMemory(readMedia);
const ACCEPTED = 'text/xml, application/soap+xml, multipart/related';

/** @throws HttpFault 415 */
export function mediaOf(contentType: string | undefined): MessageMedia {
  const media = contentType === undefined ? undefined : memory.get(contentType);
  if (media !== undefined) return media;
  throw new HttpFault(
    415,
    'INVALID_ARGUMENT',
    `SOAP comes as text/xml (1.1), application/soap+xml (1.2) or multipart/related (MTOM); Content-Type was ${JSON.stringify((contentType ?? 'absent').slice(0, 100))}.`,
    ['accept-post', ACCEPTED],
  );
}

function readMedia(contentType: string): MessageMedia | undefined {
  const media = parseMediaType(contentType);
  if (media === undefined) return undefined;
  const charset = media.parameters.get('charset');
  const action = media.parameters.get('action');
  switch (media.type) {
    case 'text/xml':
      return { version: '1.1', charset, action: undefined, multipart: undefined };
    case 'application/soap+xml':
      return { version: '1.2', charset, action, multipart: undefined };
    case 'multipart/related':
      return multipartMedia(media);
    default:
      return undefined;
  }
}

function multipartMedia(media: MediaType): MessageMedia | undefined {
  const { parameters } = media;
  if (parameters.get('type')?.toLowerCase() !== 'application/xop+xml') return undefined;
  // `start-info` may be a media type with an action of its own.
  const inner = parseMediaType(parameters.get('start-info') ?? '');
  const version =
    inner?.type === 'application/soap+xml' ? '1.2' : inner?.type === 'text/xml' ? '1.1' : undefined;
  const action = inner?.parameters.get('action') ?? parameters.get('action');
  return { version, charset: undefined, action, multipart: media };
}
