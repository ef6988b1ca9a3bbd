export interface NginxConfigOptions {
  readonly directory: string;
  readonly rtmpModule: string;
  readonly httpPort: number;
  readonly rtmpPort: number;
  /** Its master is root: the worker stays so, for its directory is nobody else's. */
  readonly asRoot: boolean;
}

/** nginx with the same work as ours: one worker, HLS of 1 s, all recorded, files served by sendfile. */
export function nginxConfig({ directory, rtmpModule, httpPort, rtmpPort, asRoot }: NginxConfigOptions): string {
  return `load_module ${rtmpModule};
${asRoot ? 'user root;\n' : ''}daemon off;
worker_processes 1;
worker_rlimit_nofile 65536;
pid ${directory}/nginx.pid;
error_log ${directory}/error.log error;
events { worker_connections 16384; }
rtmp {
  access_log off;
  server {
    listen 127.0.0.1:${rtmpPort};
    application live {
      live on;
      hls on;
      hls_path ${directory}/hls;
      hls_fragment 1s;
      hls_playlist_length 30s;
      record all;
      record_path ${directory}/record;
      record_unique on;
    }
  }
}
http {
  access_log off;
  sendfile on;
  keepalive_requests 100000000;
  types { application/vnd.apple.mpegurl m3u8; video/mp2t ts; video/mp4 mp4 m4s; }
  client_body_temp_path ${directory}/temp;
  proxy_temp_path ${directory}/temp;
  fastcgi_temp_path ${directory}/temp;
  uwsgi_temp_path ${directory}/temp;
  scgi_temp_path ${directory}/temp;
  server {
    listen 127.0.0.1:${httpPort} backlog=4096;
    root ${directory};
    location /hls/ { add_header Cache-Control no-cache; }
  }
}
`;
}
