/** Message type ids (RTMP 1.0, sections 5.4 and 7.1). */
export const MESSAGE_TYPE = {
  setChunkSize: 1,
  abort: 2,
  acknowledgement: 3,
  userControl: 4,
  windowAcknowledgementSize: 5,
  setPeerBandwidth: 6,
  audio: 8,
  video: 9,
  dataAmf3: 15,
  sharedObjectAmf3: 16,
  commandAmf3: 17,
  data: 18,
  sharedObject: 19,
  command: 20,
  aggregate: 22,
} as const;

/** User control event types (RTMP 1.0, section 7.1.7). */
export const USER_CONTROL = {
  streamBegin: 0,
  pingRequest: 6,
  pingResponse: 7,
} as const;
