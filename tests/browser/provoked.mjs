// What a browser complains about because a test makes it so. Everything else that it complains about fails the test.

/** Connections that are cut off or refused, and servers that go down. */
export const CUT_OFF = [
  /^error: Failed to load resource: net::ERR_(CONNECTION_RESET|CONNECTION_REFUSED|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING|CONTENT_LENGTH_MISMATCH|INTERNET_DISCONNECTED|SOCKET_NOT_CONNECTED|CONNECTION_CLOSED|ABORTED)/,
  /^error: WebSocket connection to '\S+' failed: /,
  /^uncaught: Firefox can’t establish a connection to the server at ws:/,
  /^uncaught: The connection to ws:\S+ was interrupted while the page was loading/,
];
