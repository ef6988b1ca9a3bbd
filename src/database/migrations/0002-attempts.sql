-- Tries to publish, accepted or refused: the newest of each live, and of keys that no live has (live_id is null).
create table attempts (
  id uuid primary key, -- UUIDv7: in the order of time
  live_id integer references videos on delete cascade,
  at timestamptz not null,
  code text not null,
  key text not null, -- masked
  address text not null,
  encoder text,
  session_id uuid
);
create index attempts_live on attempts (live_id, id);
