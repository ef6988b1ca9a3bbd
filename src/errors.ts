/** Why we say no to a publisher or a client. One table: HTTP status, RTMP status code, text for a person; docs/publish.md lists the same. */
export const REFUSALS = {
  wrong_app: {
    http: 404,
    rtmp: 'NetConnection.Connect.Rejected',
    text: 'Wrong application. Publish to rtmp://<host>/live/<stream key>.',
  },
  unknown_key: { http: 404, rtmp: 'NetStream.Publish.BadName', text: 'No live has this stream key.' },
  live_ended: {
    http: 409,
    rtmp: 'NetStream.Publish.BadName',
    text: 'This live is not permanent and has already been broadcast.',
  },
  already_publishing: {
    http: 409,
    rtmp: 'NetStream.Publish.BadName',
    text: 'Another publisher holds this stream key, and this live refuses a second one.',
  },
  takeover_held_down: {
    http: 409,
    rtmp: 'NetStream.Publish.BadName',
    text: 'Publishers take this stream key from each other again and again: the one that has it keeps it. Stop one of them.',
  },
  taken_over: { http: 409, rtmp: 'NetStream.Publish.BadName', text: 'Another publisher has taken over this stream key.' },
  live_deleted: { http: 410, rtmp: 'NetStream.Publish.BadName', text: 'This live has been deleted.' },
  blocked: { http: 403, rtmp: 'NetStream.Publish.BadName', text: 'The owner of this live is blocked.' },
  play_not_supported: { http: 400, rtmp: 'NetStream.Play.Failed', text: 'RTMP is for publishing only; play the HLS URL.' },
  internal_error: {
    http: 503,
    rtmp: 'NetStream.Publish.Failed',
    text: 'The server failed to take this publisher. Its log says why.',
  },
  restart_asked: { http: 503, rtmp: 'NetConnection.Connect.Closed', text: 'Restart asked: connect again.' },
  server_closing: { http: 503, rtmp: 'NetConnection.Connect.Closed', text: 'The server is closing. Reconnect in a few seconds.' },
  too_many_connections: {
    http: 503,
    rtmp: 'NetConnection.Connect.Rejected',
    text: 'The server has reached its limit of connections.',
  },
} as const;

export type RefusalCode = keyof typeof REFUSALS;

/** Our rules say no. The code maps to an HTTP status and an RTMP status text through {@link REFUSALS}. */
export class Refused extends Error {
  readonly code: RefusalCode;
  constructor(code: RefusalCode, options?: { cause?: unknown }) {
    super(REFUSALS[code].text, options);
    this.name = 'Refused';
    this.code = code;
  }
}

/** The peer broke the wire format: that connection closes with one info line naming the reason, and no stack. */
export class ProtocolError extends Error {
  /** Stable snake_case name of the reason, for logs and tests, such as `message_too_long`. */
  readonly reason: string;
  constructor(reason: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ProtocolError';
    this.reason = reason;
  }
}
