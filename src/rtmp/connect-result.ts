import { isAmf0Object } from './amf0.ts';
import type { Amf0Object } from './amf0.ts';
import { CARRIED_AUDIO, CARRIED_VIDEO } from './carried-codecs.ts';
import { encodeCommand, status } from './command.ts';
import type { Command } from './command.ts';

/** Enhanced RTMP v2, "capsEx": packets with modifiers are read, and among them the nanoseconds of timestamps. */
const CAPS_EX = 0x04 | 0x08;
/** Enhanced RTMP v2, "FourCcInfoMask": can forward. */
const CAN_FORWARD = 0x04;

/** The `_result` of a connect (RTMP 1.0, section 7.2.1.1). What belongs to Enhanced RTMP is told to those who asked by telling theirs. */
export function connectResult(connect: Command): Uint8Array {
  const [asked] = connect.values;
  const parameters = isAmf0Object(asked) ? asked : {};
  const enhanced: Amf0Object = {};
  if (['fourCcList', 'videoFourCcInfoMap', 'audioFourCcInfoMap', 'capsEx'].some((name) => parameters[name] !== undefined)) {
    enhanced['fourCcList'] = [...CARRIED_VIDEO.keys(), ...CARRIED_AUDIO.keys()];
    enhanced['videoFourCcInfoMap'] = infoMap([...CARRIED_VIDEO.keys()]);
    enhanced['audioFourCcInfoMap'] = infoMap([...CARRIED_AUDIO.keys()]);
    enhanced['capsEx'] = CAPS_EX;
  }
  // Some encoders look for this server name and its capabilities.
  const properties = { fmsVer: 'FMS/3,5,7,7009', capabilities: 31, mode: 1, ...enhanced };
  const objectEncoding = parameters['objectEncoding'] === 3 ? 3 : 0;
  const information = { ...status('status', 'NetConnection.Connect.Success', 'Connected.'), objectEncoding, ...enhanced };
  return encodeCommand('_result', connect.transactionId, properties, information);
}

function infoMap(codes: string[]): Amf0Object {
  return Object.fromEntries(codes.map((code) => [code, CAN_FORWARD]));
}
