// What a browser complains about because a test makes it so. Everything else that it complains about fails the test.

/** Connections that are cut off or refused, and servers that go down. */
export const CUT_OFF = [
  /^error: Failed to load resource: net::ERR_(CONNECTION_RESET|CONNECTION_REFUSED|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING|CONTENT_LENGTH_MISMATCH|INTERNET_DISCONNECTED|SOCKET_NOT_CONNECTED|CONNECTION_CLOSED|ABORTED)/,
  /^error: WebSocket connection to '\S+' failed: /,
  /^uncaught: Firefox can’t establish a connection to the server at (ws|http):/,
  /^uncaught: The connection to \S+ was interrupted while the page was loading/,
];

/** The same, to polls: of a session that ended with the one that was cut off, and with a body that was cut off whole; and
 * to the WebSocket that was about to take over from them. */
export const SESSION_CUT_OFF = [
  ...CUT_OFF,
  /^warning: WebSocket connection to '\S+' failed: WebSocket is closed before the connection is established/,
  /^error: Failed to load resource: the server responded with a status of 400 /,
  /^uncaught: XML Parsing Error: no root element found/,
];

/** What a page of another origin may not do, and what it may but is answered 403 or 404. */
export const FOREIGN = [
  /^error: Access to (fetch|resource) at '\S+' from origin '\S+' has been blocked by CORS policy/,
  /^error: Failed to load resource: (net::ERR_FAILED|net::ERR_BLOCKED_BY_RESPONSE|the server responded with a status of 40[34] )/,
  /^error: WebSocket connection to '\S+' failed: /,
  /^uncaught: Firefox can’t establish a connection to the server at ws:/,
  /^error: Framing '\S+' violates the following Content Security Policy directive: "frame-ancestors /,
  /^uncaught: Content-Security-Policy: The page’s settings blocked the loading of a resource \(frame-ancestors\)/,
  /^uncaught: Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource/,
  /^uncaught: Firefox can’t establish a connection to the server at http:\S+since=start/,
  /^error: Failed to execute 'postMessage' on 'DOMWindow': The target origin provided \('\S+'\) does not match/,
];

/** What a proxy does not let through. */
export const BLOCKED = [
  /^error: Failed to load resource: the server responded with a status of (403|503) /,
  /^error: WebSocket connection to '\S+' failed: /,
  /^uncaught: Firefox can’t establish a connection to the server at ws:/,
  /^warning: WebSocket connection to '\S+' failed: WebSocket is closed before the connection is established/,
  /^uncaught: The connection to ws:\S+ was interrupted while the page was loading/,
];

/** A channel that was deleted: 204 and 410 are errors to a browser. */
export const CLOSED = [
  /^error: Failed to load resource: the server responded with a status of 410 /,
  /^error: WebSocket connection to '\S+' failed: .* response code: 410/,
  /^uncaught: Firefox can’t establish a connection to the server at (ws|http):/,
];

/** A page that leaves before its WebSocket is open. */
export const LEFT = [
  /^warning: WebSocket connection to '\S+' failed: WebSocket is closed before the connection is established/,
  /^uncaught: The connection to ws:\S+ was interrupted while the page was loading/,
];
