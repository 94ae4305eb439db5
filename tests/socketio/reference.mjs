#!/usr/bin/env node
// npm's `socket.io` in the place of holdline, to try the tests themselves: whatever these subjects expect of it that is
// not holdline's own, they may expect of holdline. Namespaces broadcast what is emitted, except to the sender, and
// `POST /channels/NAME` emits. Started with an address alone it echoes, as the example does.
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const flags = process.argv.slice(2);
const is_echo = !flags.includes('--listen');
const value = name => flags[flags.indexOf(name) + 1];
const milliseconds = (name, otherwise) => (flags.includes(name) ? parseFloat(value(name)) * (value(name).endsWith('ms') ? 1 : 1000) : otherwise);

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  const channel = decodeURIComponent(pathname.slice('/channels/'.length));
  const body = [];
  request.on('data', bytes => body.push(bytes));
  request.on('end', () => {
    const is_json = /json/.test(request.headers['content-type']);
    const text = Buffer.concat(body).toString();
    io.of(channel === 'main' ? '/' : `/${channel}`).emit(searchParams.get('event') ?? 'message', is_json ? JSON.parse(text) : text);
    response.setHeader('content-type', 'application/json').end('{"id":"0-0"}');
  });
});

const io = new Server(server, {
  connectionStateRecovery: is_echo ? undefined : {},
  maxHttpBufferSize: 1e6,
  pingInterval: is_echo ? 300 : milliseconds('--ping-interval', 25000),
  pingTimeout: is_echo ? 200 : milliseconds('--ping-timeout', 20000),
});

let number = 0;
const hub = socket => socket.onAny((event, ...said) => {
  const answer = typeof said.at(-1) === 'function' && said.pop();
  socket.broadcast.emit(event, ...(said.length ? said : [null]));
  if (answer) answer({ id: `0-${number += 1}` });
});
const echo = socket => {
  socket.emit('auth', socket.handshake.auth);
  socket.on('message', (...said) => socket.emit('message-back', ...said));
  socket.on('message-with-ack', (...said) => said.pop()(...said));
};

if (is_echo) {
  io.on('connection', echo);
  io.of('/custom').on('connection', echo);
} else {
  io.of(/^(\/[\w.~:@+-]+)+$|^\/$/).on('connection', hub);
  io.on('connection', hub);
}
server.listen(0, '127.0.0.1', () => console.log(`reference listening on http://127.0.0.1:${server.address().port}`));
