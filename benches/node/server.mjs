// Node's socket.io as its users write it, for benches/socketio.rs: whatever is posted is emitted to everybody.
// POST /publish takes an event a line, as holdline does; POST anywhere else one as JSON. All settings are socket.io's
// defaults; --recovery switches on its connection state recovery, which holdline always has.
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { Server } from 'socket.io';

const EVENT = 'tick';
const { version } = JSON.parse(readFileSync(new URL('node_modules/socket.io/package.json', import.meta.url)));
const http = createServer(answer);
const io = new Server(http, process.argv.includes('--recovery') ? { connectionStateRecovery: {} } : {});

async function answer(request, response) {
  let body = '';
  request.setEncoding('utf8');
  for await (const text of request) body += text;
  if (request.url === '/collect') globalThis.gc();
  else if (request.url === '/publish') for (const line of body.trimEnd().split('\n')) io.emit(EVENT, JSON.parse(line).data);
  else io.emit(EVENT, JSON.parse(body));
  response.end('{}');
}

http.listen(0, '127.0.0.1', () => console.log(`socket.io ${version} on http://127.0.0.1:${http.address().port}`));
