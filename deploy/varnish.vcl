# Varnish in front of Reprise: every player that waits for a part or a playlist is answered in the moment in which the one request to Reprise is.
# For Varnish 7.1 and newer, behind whatever ends TLS (nginx, hitch): varnishd -a :6081 -f /etc/varnish/reprise.vcl -s malloc,2g
# docs/scale.md tells when to take it. What is not told here is Varnish's own: it keeps what Cache-Control allows, cuts ranges, answers 304 and unzips.
vcl 4.1;

backend reprise {
  .host = "127.0.0.1";
  .port = "9000";
  # A blocking reload is answered within three target durations: 6 s mostly, 30 s at the worst.
  .first_byte_timeout = 60s;
}

sub vcl_recv {
  if (req.url ~ "^/metrics") {
    return (synth(404));
  }
  # Who sends a token may see what others may not; pages and the API are never kept.
  if (req.http.Authorization || req.url !~ "^/(media|static/streaming-playlists|assets)/") {
    return (pass);
  }
  unset req.http.Cookie;
  if (req.url !~ "^/static/") {
    # Only playlists have a query.
    set req.url = regsub(req.url, "\?.*$", "");
  }
}

sub vcl_backend_response {
  # Nothing is given that is older than its Cache-Control allows: a playlist that goes back stops players.
  set beresp.grace = 0s;
  if (beresp.http.Cache-Control !~ "^public") {
    # Not kept: refused, late, wrong. That it was so is forgotten at once.
    set beresp.uncacheable = true;
    set beresp.ttl = 1s;
    return (deliver);
  }
  if (bereq.url ~ "^/media/" && beresp.status == 200) {
    # Asked about (304) after ten minutes: what was deleted or made private is no longer given to everybody then.
    set beresp.ttl = 10m;
    set beresp.keep = 1h;
  }
}

sub vcl_deliver {
  set resp.http.X-Cache-Status = "MISS";
  if (obj.hits > 0) {
    set resp.http.X-Cache-Status = "HIT";
  }
}
