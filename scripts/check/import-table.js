/** Rooms with bytes in and values out: no node: modules, clock, timers, promises or packages. */
export const PURE_ROOMS = ['bytes', 'media', 'rtmp', 'mp4', 'packager'];

/** Which rooms of src/ a room may import, one way. A room is a directory, or a file of its own. Every room may import itself and what EVERYONE names. */
export const MAY_IMPORT = {
  errors: [],
  log: [],
  config: [],
  'start-error': [],
  'data-directory': ['start-error'],
  closers: [],
  'end-of-process': [],
  http: [],
  'shared-port': [],
  pages: [],
  bytes: [],
  media: ['bytes'],
  rtmp: ['bytes', 'media'],
  mp4: ['bytes', 'media'],
  packager: ['bytes', 'media', 'mp4'],
  recording: ['bytes', 'media', 'mp4', 'packager'],
  ledger: [],
  database: ['ledger/session-fact'],
  metrics: [],
  lives: ['media', 'mp4', 'packager', 'recording', 'ledger', 'database'],
  jobs: ['mp4', 'recording', 'database'],
  ingest: ['bytes', 'media', 'rtmp', 'lives', 'shared-port'],
  delivery: ['http', 'media', 'mp4', 'packager', 'recording', 'lives'],
  threads: ['packager', 'shared-port'],
  'ingest-threads': ['media', 'rtmp', 'packager', 'lives', 'ingest', 'threads'],
  front: ['http', 'threads', 'packager', 'recording', 'lives', 'delivery'],
  api: ['media', 'packager', 'recording', 'lives', 'database'],
  'warm-up': ['cli', 'database', 'ingest', 'lives', 'packager', 'rtmp'],
  // data-directory: the doctor asks who works there.
  cli: ['bytes', 'media', 'rtmp', 'mp4', 'database', 'main', 'config', 'data-directory', 'end-of-process', 'api/contract'],
  main: '*',
};

/** What any room may import; pure rooms only what is pure itself. */
export const EVERYONE = ['errors', 'log'];
export const EVERYONE_PURE = ['errors'];

/** Who else may import from src/: directories of the repository, and what they may see. */
export const OUTSIDE = {
  web: ['api/contract'],
  test: '*',
  bench: '*',
  scripts: '*',
};
