import { maskKey } from '../log.ts';

/** Where to publish, taken apart as RTMP needs it. */
export interface RtmpUrl {
  readonly host: string;
  readonly port: number;
  readonly app: string;
  readonly streamKey: string;
  /** The URL up to the application. */
  readonly tcUrl: string;
  /** The URL as it may be shown: of the key only its beginning. */
  readonly shown: string;
}

const DEFAULT_PORT = 1935;

/** Parses rtmp://host[:port]/app/key. Throws an Error that says what is wrong, without the key. */
export function parseRtmpUrl(text: string): RtmpUrl {
  if (!URL.canParse(text)) throw new Error('not a URL; wanted is rtmp://<host>[:port]/<app>/<stream key>');
  const url = new URL(text);
  if (url.protocol !== 'rtmp:')
    throw new Error(`${url.protocol}// is not spoken here; wanted is rtmp://<host>[:port]/<app>/<stream key>`);
  const parts = url.pathname.split('/').filter((part) => part !== '');
  if (parts.length < 2 || url.hostname === '') throw new Error('incomplete; wanted is rtmp://<host>[:port]/<app>/<stream key>');
  const key = parts.pop() ?? '';
  const app = parts.join('/');
  const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
  const tcUrl = `rtmp://${url.host}/${app}`;
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port,
    app,
    streamKey: key + url.search,
    tcUrl,
    shown: `${tcUrl}/${maskKey(key)}`,
  };
}
