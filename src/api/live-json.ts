import type { z } from 'zod';
import type { LiveSessionRow } from '../database/live-sessions.ts';
import type { LiveSettings } from '../database/lives.ts';
import type { liveSchema, liveSessionSchema } from './schemas/live.ts';
import { encodeShortUuid } from './short-uuid.ts';

/** The settings of a live; its key and address only for who may manage it. */
export function liveJson(
  live: LiveSettings,
  view: { canManage: boolean; rtmpPublicUrl: string | null; dvrMaxWindowS: number },
): z.output<typeof liveSchema> {
  return {
    ...(view.canManage ? { ...addresses(view.rtmpPublicUrl), streamKey: live.streamKey } : {}),
    permanentLive: live.permanent,
    saveReplay: live.saveReplay,
    ...(live.replayPrivacy === null ? {} : { replaySettings: { privacy: live.replayPrivacy } }),
    latencyMode: live.latencyMode,
    dvrWindow: Math.min(live.dvrWindowS, view.dvrMaxWindowS),
    schedules: live.schedules.map((at) => ({ startAt: at.toISOString() })),
    reconnectWindow: live.reconnectWindowMs === null ? null : live.reconnectWindowMs / 1000,
    takeover: live.takeover,
  };
}

function addresses(url: string | null): { rtmpUrl: string | null; rtmpsUrl: string | null } {
  return url?.startsWith('rtmps:') ? { rtmpUrl: null, rtmpsUrl: url } : { rtmpUrl: url, rtmpsUrl: null };
}

/** One broadcast, for who may manage its live or see its replay. */
export function liveSessionJson(row: LiveSessionRow): z.output<typeof liveSessionSchema> {
  const { replayId: id, replayUuid: uuid } = row;
  return {
    id: row.number,
    startDate: row.startedAt.toISOString(),
    endDate: row.endedAt?.toISOString() ?? null,
    error: row.error,
    saveReplay: row.saveReplay,
    endingProcessed: row.endingProcessed,
    ...(row.replayPrivacy === null ? {} : { replaySettings: { privacy: row.replayPrivacy } }),
    ...(id === null || uuid === null ? {} : { replayVideo: { id, uuid, shortUUID: encodeShortUuid(uuid) } }),
    uuid: row.id,
    endReason: row.endReason,
    errorDetail: row.errorDetail,
    recordedBytes: row.recordedBytes,
    recordedMs: row.recordedMs,
    gaps: row.gaps.map((gap) => ({ beganAt: new Date(gap.beganAt).toISOString(), endedAt: new Date(gap.endedAt).toISOString() })),
  };
}
