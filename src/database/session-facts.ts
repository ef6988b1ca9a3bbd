import type { SessionFact } from '../ledger/session-fact.ts';

/** End of a session that another one of the same live has replaced without a word of its own end (LiveVideoSession.error 8: unknown). */
export const SUPERSEDED = { endReason: 'superseded', error: 8 } as const;

/**
 * Of many facts, what is to be written: the newest one of each session, by session id (one order of locks for everyone), and of a live's
 * open sessions only the newest is left open.
 */
export function reduceFacts(facts: readonly SessionFact[]): SessionFact[] {
  const newest = new Map<string, SessionFact>();
  for (const fact of facts) {
    const known = newest.get(fact.sessionId);
    if (known === undefined || known.revision < fact.revision) newest.set(fact.sessionId, fact);
  }
  const current = new Map<string, SessionFact>();
  for (const fact of newest.values()) {
    if (fact.state === 'ended') continue;
    const known = current.get(fact.videoUuid);
    if (known === undefined || isBefore(known, fact)) current.set(fact.videoUuid, fact);
  }
  return [...newest.values()].map((fact) => endIfSuperseded(fact, current.get(fact.videoUuid))).sort(bySessionId);
}

function endIfSuperseded(fact: SessionFact, current: SessionFact | undefined): SessionFact {
  if (fact.state === 'ended' || current === undefined || current === fact) return fact;
  return { ...fact, ...SUPERSEDED, state: 'ended', endedAt: Math.max(fact.startedAt, current.startedAt), interruptedAt: null };
}

function isBefore(a: SessionFact, b: SessionFact): boolean {
  return a.startedAt < b.startedAt || (a.startedAt === b.startedAt && a.sessionId < b.sessionId);
}

function bySessionId(a: SessionFact, b: SessionFact): number {
  return a.sessionId < b.sessionId ? -1 : Number(a.sessionId > b.sessionId);
}

/** Facts as one jsonb parameter, for {@link FACTS}. Text from outside may hold what jsonb refuses: NUL and lone surrogates. */
export function formatFacts(facts: readonly SessionFact[]): string {
  return JSON.stringify(facts, (_key, value: unknown) =>
    typeof value === 'string' ? value.replaceAll('\0', '').toWellFormed() : value,
  );
}

/**
 * The facts of parameter $1 as rows with the columns' types; `live_id` is null when the live is gone. Numbers that a rule forbids are
 * brought to the next one it allows: a strange error code or a clock that went back must not cost a session.
 */
export const FACTS = `facts as (
  select f."sessionId" as id, f.revision, v.id as live_id, t.started_at, f.state,
    case when f.state = 'ended' then greatest(t.started_at, 'epoch'::timestamptz + f."endedAt" * interval '1 ms') end as ended_at,
    f."endReason" as end_reason, case when f.error not between 1 and 9 then 8 else f.error end as error, f."errorDetail" as error_detail,
    'epoch'::timestamptz + f."interruptedAt" * interval '1 ms' as interrupted_at, f.gaps, f.permanent, f."saveReplay" as save_replay,
    case when f."replayPrivacy" between 1 and 4 then f."replayPrivacy" else v.privacy end as replay_privacy,
    greatest(0, round(f."recordedBytes"))::bigint as recorded_bytes, greatest(0, round(f."recordedMs"))::bigint as recorded_ms,
    f.width, f.height
  from jsonb_to_recordset($1::jsonb) as f (
    "sessionId" uuid, revision integer, "videoUuid" uuid, state text, "startedAt" float8, "endedAt" float8, "endReason" text, error smallint,
    "errorDetail" text, "interruptedAt" float8, gaps jsonb, permanent boolean, "saveReplay" boolean, "replayPrivacy" smallint,
    "recordedBytes" float8, "recordedMs" float8, width integer, height integer)
  cross join lateral (select 'epoch'::timestamptz + f."startedAt" * interval '1 ms' as started_at) t
  left join videos v on v.uuid = f."videoUuid")`;
