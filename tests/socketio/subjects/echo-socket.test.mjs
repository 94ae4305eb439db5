// Socket.IO packet by packet, against the echo of examples/socketio_echo.rs: on `/` and `/custom` it tells the `auth` it
// was given, sends `message` back as `message-back`, and calls the ack of `message-with-ack` with the arguments.
import assert from 'node:assert/strict';
import test from 'node:test';
import { until } from '../../browser/check.mjs';
import { by_all, connect, open } from '../support/clients.mjs';
import { serve_echo } from '../support/holdline.mjs';
import { poll_at, SEPARATOR, websocket_at } from '../support/wire.mjs';

const PLACES = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}';

/** A WebSocket that has joined nothing. */
async function fresh(t, server) {
  const wire = await websocket_at(t, `${server.url}/socket.io/`);
  wire.socket.on('message', data => String(data) === '2' && wire.send('3'));
  await wire.next();
  return wire;
}

/** A WebSocket in the main namespace. */
async function joined(t, server) {
  const wire = await fresh(t, server);
  wire.send('40');
  await wire.next(2);
  return wire;
}

test('joining: the answer has a sid and nothing else, then comes auth', async t => {
  const server = await serve_echo(t);
  const cases = [['40', '40', '42["auth",{}]'], ['40{"token":"123"}', '40', '42["auth",{"token":"123"}]'],
    ['40/custom,', '40/custom,', '42/custom,["auth",{}]'], ['40/custom', '40/custom,', '42/custom,["auth",{}]'],
    ['40/custom,{"a":[1]}', '40/custom,', '42/custom,["auth",{"a":[1]}]']];
  for (const [said, start, auth] of cases) {
    const wire = await fresh(t, server);
    wire.send(said);
    const [answer, told] = await wire.next(2);
    assert.equal(answer.slice(0, start.length), start);
    const handshake = JSON.parse(answer.slice(start.length));
    assert.deepEqual(Object.keys(handshake), ['sid']);
    assert.equal(told, auth);
  }
});

test('an unknown namespace is refused, and the connection may join another', async t => {
  const wire = await fresh(t, await serve_echo(t));
  wire.send('40/random');
  assert.deepEqual(await wire.next(), ['44/random,{"message":"Invalid namespace"}']);
  wire.send('40');
  assert.match((await wire.next())[0], /^40\{"sid":/);
});

test('what is no handshake, and none at all, ends the connection', async t => {
  const server = await serve_echo(t);
  for (const said of [['4abc'], ['42["message",1]'], ['40["list"]'], ['40{']]) {
    const wire = await fresh(t, server);
    wire.send(...said);
    await wire.closed();
    assert.deepEqual(wire.packets, [], String(said));
  }
  const silent = await websocket_at(t, `${server.url}/socket.io/`);
  await silent.closed();
});

test('leaving a namespace leaves the connection', async t => {
  const wire = await joined(t, await serve_echo(t));
  wire.send('40/custom');
  await wire.next(2);
  wire.send('41/custom', '42["message","still here"]');
  assert.deepEqual(await wire.next(), ['42["message-back","still here"]']);
  wire.send('41');
  const { pings } = wire;
  await until(() => wire.pings > pings);
  assert.deepEqual([wire.is_closed, wire.packets], [false, []]);
});

test('events and acks, with and without attachments', async t => {
  const wire = await joined(t, await serve_echo(t));
  const bytes = [Buffer.from([1, 2, 3]), Buffer.from([4, 5, 6])];
  const cases = [
    [['42["message",1,"2",{"3":[true]}]'], ['42["message-back",1,"2",{"3":[true]}]']],
    [['42["message"]'], ['42["message-back"]']],
    [[`452-["message",${PLACES}]`, ...bytes], [`452-["message-back",${PLACES}]`, ...bytes]],
    [['42456["message-with-ack",1,"2",{"3":[false]}]'], ['43456[1,"2",{"3":[false]}]']],
    [['420["message-with-ack"]'], ['430[]']],
    [[`452-789["message-with-ack",${PLACES}]`, ...bytes], [`462-789[${PLACES}]`, ...bytes]],
  ];
  for (const [said, heard] of cases) {
    wire.send(...said);
    assert.deepEqual(await wire.next(heard.length), heard);
  }
  wire.send('40/custom');
  await wire.next(2);
  wire.send('42/custom,["message","a"]', '42/custom,7["message-with-ack","b"]');
  assert.deepEqual(await wire.next(2), ['42/custom,["message-back","a"]', '43/custom,7["b"]']);
});

test('the same by polling, attachments in base64', async t => {
  const server = await serve_echo(t);
  const session = await poll_at(`${server.url}/socket.io/`);
  await session.post('40{"by":"polling"}');
  const [answer, auth] = await session.packets(2);
  assert.match(answer, /^40\{"sid":"[^"]+"\}$/);
  assert.equal(auth, '42["auth",{"by":"polling"}]');
  await session.post([`452-["message",${PLACES}]`, 'bAQID', 'bBAUG', '421["message-with-ack","x"]'].join(SEPARATOR));
  assert.deepEqual(await session.packets(4), [`452-["message-back",${PLACES}]`, 'bAQID', 'bBAUG', '431["x"]']);
});

test('malformed packets end the connection', async t => {
  const server = await serve_echo(t);
  for (const packet of ['4abc', '42{}', '42abc["message-with-ack",1,"2",{"3":[false]}]', '42[]', '43[1]', '451-["message"', '4']) {
    const wire = await joined(t, server);
    wire.send(packet);
    await wire.closed();
  }
});

test('socket.io-client gets back what it sends, of any kind, on every transport', async t => {
  const server = await serve_echo(t);
  await by_all(t, async (t, io, options) => {
    const client = await connect(t, `${server.url}/custom`, { ...options, auth: { by: 'me' } }, io);
    assert.deepEqual(await client.hears('auth'), [[{ by: 'me' }]]);
    const said = [[], [1], ['a', { b: [Buffer.from('c')] }, null], [Buffer.from([0, 0x1e, 255])], [[[]]]];
    for (const each of said) client.socket.emit('message', ...each);
    assert.deepEqual(await client.hears('message-back', said.length), said);
    for (const each of said) assert.deepEqual(await client.emit('message-with-ack', ...each), each);
    assert.deepEqual(client.left, []);
  });
});

test('socket.io-client is told of a namespace that is not there', async t => {
  const server = await serve_echo(t);
  const error = await open(t, `${server.url}/random`).refusal();
  assert.deepEqual([error.message, error.data], ['Invalid namespace', undefined]);
});
