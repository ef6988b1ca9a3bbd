/** Where a publisher wants to go: the application's name and the stream key, '' where there is none. */
export interface PublishPath {
  readonly app: string;
  readonly streamKey: string;
}

/**
 * Reads what encoders make of `rtmp://host/<app>/<key>`: the application of `connect` may hold the key too, the stream name of `publish` may be
 * empty or end in a slash, and either may bear a query. Null when it has more parts than an application and a key.
 */
export function parsePublishPath(app: string, streamName: string): PublishPath | null {
  const parts = [...pathParts(app), ...pathParts(streamName)];
  if (parts.length > 2) return null;
  return { app: parts[0] ?? '', streamKey: parts[1] ?? '' };
}

function pathParts(path: string): string[] {
  return path
    .replace(/\?.*$/s, '')
    .split('/')
    .filter((part) => part !== '');
}
