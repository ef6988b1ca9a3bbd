-- Lists of videos, newest first, are read from the first two and counted in the third: what they filter by stands in the index.
create index videos_newest on videos (published_at desc, id desc) include (privacy, state, is_live);
create index videos_newest_lives on videos (published_at desc, id desc) include (privacy, state) where is_live;
create index videos_counted on videos (privacy, state, is_live);
drop index videos_listed;
