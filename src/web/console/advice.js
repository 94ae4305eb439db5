// What to change in the proxy: for each fault a sentence, and the lines for those that differ.

const proxies = { nginx: 'nginx', apache: 'Apache', haproxy: 'HAProxy', caddy: 'Caddy' };

const advice = {
  buffering: {
    say: 'Let the proxy pass on each byte as it comes, and compress no stream.',
    nginx: 'location / {\n    proxy_pass http://127.0.0.1:8080;\n    proxy_http_version 1.1;\n    proxy_buffering off;\n    gzip off;\n}\n# and no proxy_ignore_headers X-Accel-Buffering',
    apache: 'ProxyPass "/" "http://127.0.0.1:8080/" flushpackets=on\nSetEnv no-gzip 1',
    haproxy: 'backend holdline\n    option http-no-delay\n    # and no "compression" and no "option http-buffer-request" here or in defaults',
    caddy: 'reverse_proxy 127.0.0.1:8080 {\n    flush_interval -1\n}\n# and no "encode" for these paths',
  },
  websocket: {
    say: 'Let the proxy pass on the Upgrade of a WebSocket. holdline works without it, by the other transports.',
    nginx: 'map $http_upgrade $connection_upgrade {\n    default upgrade;\n    ""      "";\n}\n\nlocation / {\n    proxy_pass http://127.0.0.1:8080;\n    proxy_http_version 1.1;\n    proxy_set_header Upgrade $http_upgrade;\n    proxy_set_header Connection $connection_upgrade;\n}',
    apache: '# 2.4.47 or newer\nProxyPass "/" "http://127.0.0.1:8080/" upgrade=websocket',
    haproxy: '# passes it on unless told otherwise: take out "option httpclose" and\n# any "http-request del-header Upgrade", and give tunnels time\ndefaults\n    timeout tunnel 1h',
    caddy: '# passes it on unless told otherwise: take out "header_up -Upgrade" and "header_up -Connection"\nreverse_proxy 127.0.0.1:8080',
  },
  timeout: {
    say: 'Give an open stream more time than its heartbeat, which comes every 15 s (--heartbeat).',
    nginx: 'proxy_read_timeout 75s;\nproxy_send_timeout 75s;',
    apache: 'ProxyTimeout 75',
    haproxy: 'defaults\n    timeout client 75s\n    timeout server 75s\n    timeout tunnel 1h',
    caddy: 'reverse_proxy 127.0.0.1:8080 {\n    transport http {\n        read_timeout 75s\n    }\n}',
  },
  host: {
    say: 'Pass on the Host that the browser sent, or name this page to the server: --allow-origin ORIGIN (and --host for a name of its own).',
    nginx: 'proxy_set_header Host $http_host;',
    apache: 'ProxyPreserveHost On',
    haproxy: '# passes it on unless told otherwise: take out "http-request set-header Host"',
    caddy: '# passes it on unless told otherwise: take out "header_up Host"\nreverse_proxy 127.0.0.1:8080',
  },
  fields: {
    say: 'Let the proxy pass on all header fields, in both directions.',
    nginx: '# take out proxy_pass_request_headers off, proxy_set_header NAME "" and proxy_hide_header NAME\n# for Last-Event-ID, Prefer, If-None-Match, ETag and Holdline-*',
    apache: '# take out "RequestHeader unset NAME" and "Header unset NAME" (also "FileETag None" with "Header unset ETag")',
    haproxy: '# take out "http-request del-header NAME" and "http-response del-header NAME"',
    caddy: '# take out "header_up -NAME" and "header_down -NAME"\nreverse_proxy 127.0.0.1:8080',
  },
  transform: {
    say: 'Let the proxy leave answers as they are.',
    nginx: 'gzip off;',
    apache: 'SetEnv no-gzip 1',
    haproxy: '# take out "compression algo" and "filter compression"',
    caddy: '# take out "encode", or keep it from these paths:\n# @files not path /channels* /asks* /ask*\n# encode @files gzip',
  },
  cache: {
    say: 'Let no cache answer for the server.',
    nginx: 'proxy_cache off;',
    apache: 'CacheDisable "/"',
    haproxy: '# take out "http-request cache-use" and "http-response cache-store"',
    caddy: '# take out the "cache" handler for these paths',
  },
  refused: {
    say: 'The server, or something before it, refuses requests: the sentence above says why.',
  },
};

/** The sentence of a fault, with the origin of this page in its place. */
const advice_text = fix => advice[fix].say.replace('ORIGIN', location.origin);

/** The proxy that names itself, else the most usual. */
const guessed_proxy = server => Object.keys(proxies).find(key => server.toLowerCase().includes(key)) ?? 'nginx';

/** One fault with its lines, a proxy each, the guessed one open. */
function advice_node(fix, server) {
  const node = make('li', { data: { fix } }, make('p', { text: advice_text(fix) }));
  for (const [key, name] of Object.entries(proxies)) {
    const lines = advice[fix][key];
    if (!lines) continue;
    const details = make('details', { name: `advice-${fix}` }, make('summary', { text: name }), make('pre', { class: 'source', tabindex: '0', text: lines }));
    details.open = key === guessed_proxy(server);
    node.append(details);
  }
  return node;
}
