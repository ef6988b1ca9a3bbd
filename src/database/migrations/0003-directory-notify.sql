-- Whatever changes who may publish or watch is told on the channel reprise_directory: the uuid of the video, with a minus before it when its row
-- was deleted. What a broadcast changes by itself (state, size, times) is not told. One transaction tells the same uuid once.

create function notify_of_video() returns trigger language plpgsql as $$
begin
  perform pg_notify('reprise_directory', case when tg_op = 'DELETE' then '-' || old.uuid else new.uuid::text end);
  return null;
end $$;
create trigger videos_made_or_deleted after insert or delete on videos for each row execute function notify_of_video();
create trigger videos_changed after update on videos for each row
  when ((old.uuid, old.channel_id, old.name, old.privacy, old.state = 5) is distinct from (new.uuid, new.channel_id, new.name, new.privacy, new.state = 5))
  execute function notify_of_video();

-- When the video goes too, it is gone by now, and has been told.
create function notify_of_live() returns trigger language plpgsql as $$
begin
  perform pg_notify('reprise_directory', case when tg_op = 'DELETE' then '-' else '' end || uuid)
  from videos where id = case when tg_op = 'DELETE' then old.video_id else new.video_id end;
  return null;
end $$;
create trigger lives_made_or_deleted after insert or delete on lives for each row execute function notify_of_live();
create trigger lives_changed after update on lives for each row when (old is distinct from new) execute function notify_of_live();

create function notify_of_replay() returns trigger language plpgsql as $$
begin
  perform pg_notify('reprise_directory', uuid::text)
  from videos where id = case when tg_op = 'DELETE' then old.video_id else new.video_id end;
  return null;
end $$;
create trigger replays_changed after insert or update or delete on replays for each row execute function notify_of_replay();

create function notify_of_replay_settings() returns trigger language plpgsql as $$
begin
  perform pg_notify('reprise_directory', v.uuid::text)
  from lives l join videos v on v.id = l.video_id where l.replay_settings_id = new.id;
  return null;
end $$;
create trigger replay_settings_changed after update on replay_settings for each row when (old.privacy <> new.privacy)
  execute function notify_of_replay_settings();

-- A deleted channel or user takes its videos along: they tell.
create function notify_of_channel() returns trigger language plpgsql as $$
begin
  perform pg_notify('reprise_directory', uuid::text) from videos where channel_id = new.id;
  return null;
end $$;
create trigger channels_changed after update on channels for each row when (old.user_id <> new.user_id) execute function notify_of_channel();

create function notify_of_user() returns trigger language plpgsql as $$
begin
  perform pg_notify('reprise_directory', v.uuid::text) from videos v join channels c on c.id = v.channel_id where c.user_id = new.id;
  return null;
end $$;
create trigger users_changed after update on users for each row when (old.blocked <> new.blocked) execute function notify_of_user();

create index lives_replay_settings on lives (replay_settings_id);
