-- The catalogue: what people configure, and what happened. Times are timestamptz; enums of the REST contract are smallint with
-- their published values; enums of ours are text with a check.

create table oauth_clients (
  client_id text primary key,
  client_secret text not null
);

create table users (
  id integer generated always as identity primary key,
  username text not null check (username = lower(username) and length(username) between 1 and 50),
  email text not null,
  password_hash text not null,
  role smallint not null default 2 check (role in (0, 1, 2)), -- 0 administrator, 1 moderator, 2 user
  blocked boolean not null default false,
  created_at timestamptz not null default now()
);
create unique index users_username on users (username);
create unique index users_email on users (lower(email));

create table tokens (
  id bigint generated always as identity primary key,
  user_id integer not null references users on delete cascade,
  access_token_hash bytea not null unique,  -- SHA-256: the tokens themselves are nowhere
  refresh_token_hash bytea not null unique,
  access_expires_at timestamptz not null,
  refresh_expires_at timestamptz not null,
  created_at timestamptz not null default now()
);
create index tokens_refresh_expires_at on tokens (refresh_expires_at);

create table channels (
  id integer generated always as identity primary key,
  user_id integer not null references users on delete cascade,
  name text not null unique check (name = lower(name) and length(name) between 1 and 50),
  display_name text not null,
  description text,
  support text,
  created_at timestamptz not null default now()
);
create index channels_user on channels (user_id);

-- A live is a video; a replay is a video whose uuid is the id of its session.
create table videos (
  id integer generated always as identity primary key,
  uuid uuid not null unique,
  channel_id integer not null references channels on delete cascade,
  name text not null check (length(name) between 1 and 250),
  description text,
  support text,
  privacy smallint not null default 1 check (privacy between 1 and 4), -- 1 public, 2 unlisted, 3 private, 4 internal
  state smallint not null default 1 check (state between 1 and 12),    -- 1 published, 4 waiting for live, 5 live ended
  is_live boolean not null default false,
  category smallint,
  licence smallint,
  language text,
  tags text[] not null default '{}',
  nsfw boolean not null default false,
  nsfw_flags integer not null default 0,
  nsfw_summary text,
  comments_policy smallint not null default 1,
  download_enabled boolean not null default true,
  wait_transcoding boolean not null default false,
  duration_ms bigint not null default 0,
  width integer,
  height integer,
  views bigint not null default 0,
  originally_published_at timestamptz,
  published_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index videos_channel on videos (channel_id, created_at desc);
create index videos_listed on videos (published_at desc, id desc) where privacy = 1;

create table replay_settings (
  id uuid primary key default gen_random_uuid(), -- a session's own copy has the session's id
  privacy smallint not null check (privacy between 1 and 4)
);

create table lives (
  video_id integer primary key references videos on delete cascade,
  stream_key uuid not null unique,
  permanent boolean not null,
  save_replay boolean not null,
  replay_settings_id uuid references replay_settings on delete set null,
  latency_mode smallint not null default 1 check (latency_mode in (1, 2, 3)),
  dvr_window_s integer not null check (dvr_window_s >= 0),
  reconnect_window_ms integer check (reconnect_window_ms between 0 and 86400000), -- null: the server's setting
  takeover text not null default 'take_over' check (takeover in ('take_over', 'refuse')),
  schedules timestamptz[] not null default '{}'
);

-- One catalogued broadcast of a live. Written from the ledger: id and revision make every write idempotent.
create table sessions (
  id uuid primary key,                      -- UUIDv7 made when the publisher was admitted
  number integer generated always as identity unique, -- the REST contract's integer id
  revision integer not null,
  live_id integer references videos on delete set null, -- null once the live is deleted; its replays stay
  started_at timestamptz not null,
  ended_at timestamptz,
  end_reason text,
  error smallint check (error between 1 and 9),
  error_detail text,
  permanent boolean not null,               -- the live's settings when it began
  save_replay boolean not null,
  replay_settings_id uuid references replay_settings on delete set null,
  ending_processed boolean not null default false,
  interrupted_at timestamptz,               -- set while it waits for its publisher
  recorded_bytes bigint not null default 0,
  recorded_ms bigint not null default 0,
  width integer,
  height integer,
  check (ended_at is null or ended_at >= started_at)
);
create unique index sessions_one_open on sessions (live_id) where ended_at is null;
create index sessions_of_live on sessions (live_id, started_at desc);

-- While a session waited for its publisher.
create table session_gaps (
  session_id uuid not null references sessions on delete cascade,
  position integer not null,
  began_at timestamptz not null,
  ended_at timestamptz not null,
  primary key (session_id, position),
  check (ended_at >= began_at)
);

-- The video that replays a session: at most one, and none without its video.
create table replays (
  session_id uuid primary key references sessions on delete cascade,
  video_id integer not null references videos on delete cascade
);
create index replays_video on replays (video_id);
