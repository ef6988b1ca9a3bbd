/** The server can not start as it is set up: one line for a person, which names the setting. */
export class StartError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'StartError';
  }
}

const FILE_CODES = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOSPC',
  'EDQUOT',
  'ENOTDIR',
  'EISDIR',
  'EEXIST',
  'ENAMETOOLONG',
  'EIO',
  'EMFILE',
]);

/** Why an address can not be listened on; `setting` is `http` or `rtmp`. */
export function explainListening(
  error: unknown,
  setting: 'http' | 'rtmp',
  { host, port }: { host: string; port: number },
): unknown {
  const tell = (name: string, text: string): StartError => new StartError(`${setting}-${name}: ${text}`, { cause: error });
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return tell('port', `port ${port} is in use by another program. Stop it, or choose another port with --${setting}-port.`);
    case 'EACCES':
      return tell('port', `this user may not listen on port ${port}. Choose one above 1023 with --${setting}-port.`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EINVAL':
      return tell('host', `this machine has no address ${host}. Choose another with --${setting}-host; 0.0.0.0 is all of them.`);
    default:
      return error;
  }
}

/** Why the data directory can not be used, if that is what the error tells. */
export function explainDataDirectory(error: unknown, directory: string): unknown {
  if (error instanceof StartError || !FILE_CODES.has(codeOf(error))) return error;
  const { path = directory, message } = error as NodeJS.ErrnoException;
  return path.startsWith(directory) || directory.startsWith(path)
    ? new StartError(`data-dir: ${directory} can not be used: ${message}`, { cause: error })
    : error;
}

/** Why the database of the user's own can not be used. The URL's password is not told. */
export function explainDatabase(error: unknown, databaseUrl: string): StartError {
  const { host, pathname } = new URL(databaseUrl);
  // Tries at several addresses of one name come as one error without words of its own.
  const reason = error instanceof AggregateError ? (error.errors[0] as Error).message : (error as Error).message;
  return new StartError(`database-url: the database ${pathname.slice(1)} at ${host} can not be used: ${reason}`, {
    cause: error,
  });
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException | null)?.code ?? '');
}
