/** 1 public, 2 unlisted, 3 private, 4 internal, 5 password protected. */
export type PrivacyId = 1 | 2 | 3 | 4 | 5;

/** A channel, as it stands beside a video. */
export interface ChannelSummary {
  id: number;
  name: string;
  displayName: string;
}

/** A video or a live, as the lists give it; dates are ISO. */
export interface Video {
  id: number;
  uuid: string;
  shortUUID: string;
  name: string;
  isLive: boolean;
  /** 1 published (a live: on air), 4 waiting for live, 5 live ended. */
  state: { id: number; label: string };
  privacy: { id: PrivacyId; label: string };
  /** Seconds. */
  duration: number;
  publishedAt: string;
  createdAt: string;
  thumbnailPath?: string | null;
  viewers?: number;
  channel: ChannelSummary;
}

/** One video with everything its page shows. */
export interface VideoDetails extends Video {
  description: string | null;
  streamingPlaylists: { playlistUrl: string }[];
}

/** A page of a list. */
export interface Page<T> {
  total: number;
  data: T[];
}

/** A live's settings; the first three only for who may broadcast to it. */
export interface Live {
  rtmpUrl?: string | null;
  rtmpsUrl?: string | null;
  streamKey?: string | null;
  permanentLive: boolean;
  saveReplay: boolean;
  replaySettings?: { privacy: PrivacyId } | null;
}

/** One broadcast of a live. */
export interface LiveSession {
  id: number;
  startDate: string;
  endDate: string | null;
  replayVideo?: { id: number; uuid: string; shortUUID: string } | null;
}

/** The signed-in account. */
export interface Me {
  id: number;
  username: string;
  videoChannels: ChannelSummary[];
}

/** What a new live is made of. */
export interface NewLive {
  channelId: number;
  name: string;
  privacy: PrivacyId;
  permanentLive: boolean;
  saveReplay: boolean;
  replayPrivacy: PrivacyId;
}
