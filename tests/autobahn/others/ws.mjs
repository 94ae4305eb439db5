// Node's ws as an echo with its defaults and permessage-deflate on, for tests/autobahn/run --server ws.
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: true });
server.on('listening', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
server.on('connection', (socket) => {
  socket.on('error', () => {}); // the suite breaks rules on purpose; without a listener Node would end
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});
process.on('SIGTERM', () => process.exit(0));
