import { ProtocolError } from '../errors.ts';
import type { RtmpLimits } from './limits.ts';
import { MESSAGE_TYPE } from './message-type.ts';

/** What becomes of a message: kept whole and read, kept when it belongs to a publication, led to the sink, or passed over. */
export type MessageUse = 'keep' | 'data' | 'media' | 'ignore';

const CONTROL_BYTES = 64;

/** Tells by a message's type what becomes of it. Throws ProtocolError `message_too_long` or `unknown_message_type`. */
export function messageUse(type: number, length: number, limits: RtmpLimits): MessageUse {
  switch (type) {
    case MESSAGE_TYPE.audio:
    case MESSAGE_TYPE.video:
    case MESSAGE_TYPE.aggregate:
      return within(length, limits.mediaBytes, 'media');
    case MESSAGE_TYPE.setChunkSize:
    case MESSAGE_TYPE.abort:
    case MESSAGE_TYPE.userControl:
    case MESSAGE_TYPE.windowAcknowledgementSize:
      return within(length, CONTROL_BYTES, 'keep');
    case MESSAGE_TYPE.acknowledgement:
    case MESSAGE_TYPE.setPeerBandwidth:
      return within(length, CONTROL_BYTES, 'ignore');
    case MESSAGE_TYPE.command:
    case MESSAGE_TYPE.commandAmf3:
      return within(length, limits.commandBytes, 'keep');
    case MESSAGE_TYPE.data:
    case MESSAGE_TYPE.dataAmf3:
      return within(length, limits.dataBytes, 'data');
    case MESSAGE_TYPE.sharedObject:
    case MESSAGE_TYPE.sharedObjectAmf3:
      return within(length, limits.dataBytes, 'ignore');
    default:
      throw new ProtocolError('unknown_message_type', `message type ${type}`);
  }

  function within(bytes: number, limit: number, use: MessageUse): MessageUse {
    if (bytes > limit) throw new ProtocolError('message_too_long', `a message of type ${type} with ${bytes} bytes`);
    return use;
  }
}
