// Engine.IO packet by packet, against the echo of examples/socketio_echo.rs: what is sent and what comes back, in raw
// requests and frames. The example pings every 300 ms, waits 200 ms for the answer, and takes 1,000,000 bytes.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Socket as EngineSocket } from 'engine.io-client';
import { until } from '../../browser/check.mjs';
import { TRANSPORTS } from '../support/clients.mjs';
import { ask, serve_echo } from '../support/holdline.mjs';
import { poll_at, probe_at, SEPARATOR, websocket_at } from '../support/wire.mjs';

const FIELDS = { pingInterval: 300, pingTimeout: 200, maxPayload: 1e6 };
const base_of = ({ url }) => `${url}/engine.io/`;

test('opening', async t => {
  const base = base_of(await serve_echo(t));
  const { sid, ...polling } = (await poll_at(base)).opened;
  assert.deepEqual([typeof sid, polling], ['string', { upgrades: ['websocket'], ...FIELDS }]);
  const wire = await websocket_at(t, base);
  const [opened] = await wire.next();
  assert.equal(opened[0], '0');
  const { sid: other, ...websocket } = JSON.parse(opened.slice(1));
  assert.deepEqual([typeof other, websocket], ['string', { upgrades: [], ...FIELDS }]);
});

test('what is not a handshake', async t => {
  const base = base_of(await serve_echo(t));
  for (const query of ['?transport=polling', '?EIO=abc&transport=polling', '?EIO=3&transport=polling', '?EIO=4', '?EIO=4&transport=abc', '']) {
    assert.equal((await ask(base + query)).status, 400, query);
    const wire = await websocket_at(t, base, query.replace('polling', 'websocket'));
    await wire.closed();
    assert.deepEqual(wire.packets, []);
  }
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
    assert.equal((await ask(`${base}?EIO=4&transport=polling`, { method })).status, 400, method);
  }
});

test('messages by polling: one, several in one body, bytes among them', async t => {
  const base = base_of(await serve_echo(t));
  const bodies = ['4hello', ['4one', '4two', '4three'].join(SEPARATOR), ['4text', 'bAQIDBA=='].join(SEPARATOR), '4', '4\u20ac 漢 \u{1F600}',
    ['4', 'b', '4x'].join(SEPARATOR)];
  for (const body of bodies) {
    const session = await poll_at(base);
    const said = await session.post(body);
    assert.deepEqual([said.status, said.text], [200, 'ok']);
    const heard = await session.get();
    assert.deepEqual([heard.status, heard.text], [200, body]);
  }
});

test('messages by WebSocket: text and bytes', async t => {
  const wire = await websocket_at(t, base_of(await serve_echo(t)));
  await wire.next();
  wire.send('4hello', Buffer.from([1, 2, 3, 4]), '4', Buffer.alloc(0), '4last');
  assert.deepEqual(await wire.next(5), ['4hello', Buffer.from([1, 2, 3, 4]), '4', Buffer.alloc(0), '4last']);
});

test('a packet that is none ends the session', async t => {
  const base = base_of(await serve_echo(t));
  for (const packet of ['abc', '7', '', 'b!']) {
    const session = await poll_at(base);
    assert.equal((await session.post(packet)).status, 400, packet);
    assert.equal((await session.get()).status, 400, packet);
    if (packet === 'b!') continue; // there is no base64 in frames: it is unknown like any other
    const wire = await websocket_at(t, base);
    await wire.next();
    wire.send(packet);
    await wire.closed();
  }
});

test('a second GET at the same time ends both and the session', async t => {
  const session = await poll_at(base_of(await serve_echo(t)));
  // Whichever the server sees first is answered with a close packet.
  const answers = await Promise.all([session.get(), session.get()]);
  const told = answers.map(({ status, text }) => (status === 200 ? text : status)).sort();
  assert.deepEqual(told, ['1', 400].sort());
  assert.equal((await session.get()).status, 400);
});

test('a GET that its client gives up ends the session', async t => {
  const session = await poll_at(base_of(await serve_echo(t)));
  const given_up = new AbortController();
  const held = session.get({ signal: given_up.signal });
  // A message sent and heard shows that the GET before it has been seen; then another one is held, and given up.
  await session.post('4x');
  assert.equal((await held).text, '4x');
  const lost = session.get({ signal: given_up.signal }).catch(() => 'aborted');
  setImmediate(() => given_up.abort());
  assert.equal(await lost, 'aborted');
  await session.is_gone();
});

test('pings come on both transports, as often as they are answered', async t => {
  const base = base_of(await serve_echo(t));
  const session = await poll_at(base);
  const wire = await websocket_at(t, base);
  wire.socket.on('message', data => String(data) === '2' && wire.send('3'));
  for (let i = 0; i < 3; i += 1) {
    assert.equal((await session.get()).text, '2');
    assert.equal((await session.post('3')).text, 'ok');
  }
  await until(() => wire.pings >= 3);
  assert.equal(wire.is_closed, false);
});

test('without an answer to a ping the session is dead, at the latest half a second after its beginning', async t => {
  const base = base_of(await serve_echo(t));
  const [session, wire] = [await poll_at(base), await websocket_at(t, base)];
  await new Promise(resolve => setTimeout(resolve, FIELDS.pingInterval + FIELDS.pingTimeout));
  assert.equal((await session.get()).status, 400);
  await wire.closed();
  assert.equal(wire.pings, 1);
});

test('a close packet ends the session, and a held GET with it', async t => {
  const base = base_of(await serve_echo(t));
  const session = await poll_at(base);
  const [held, said] = await Promise.all([session.get(), session.post('1')]);
  assert.equal(said.status, 200);
  assert.ok([`200 6`, '400'].includes(held.status === 200 ? `200 ${held.text}` : String(held.status)), held.text);
  assert.equal((await session.get()).status, 400);
  const wire = await websocket_at(t, base);
  await wire.next();
  wire.send('1');
  await wire.closed();
});

test('an upgrade: probe, noop for the GET, then the WebSocket alone', async t => {
  const session = await poll_at(base_of(await serve_echo(t)));
  const wire = await probe_at(t, session);
  await wire.opened();
  wire.send('2probe');
  assert.deepEqual(await wire.next(), ['3probe']);
  const released = await session.get();
  assert.deepEqual([released.status, released.text], [200, '6']);
  wire.send('5', '4hello');
  assert.deepEqual(await wire.next(), ['4hello']);
});

test('a GET that is held while the probe comes is released with a noop', async t => {
  const session = await poll_at(base_of(await serve_echo(t)));
  const held = session.get();
  const wire = await probe_at(t, session);
  await wire.opened();
  wire.send('2probe');
  assert.deepEqual(await wire.next(), ['3probe']);
  assert.match((await held).text, /^(2\x1e)?[26]$/);
  wire.send('5', '4hello');
  assert.deepEqual(await wire.next(), ['4hello']);
});

test('after an upgrade neither polls nor other WebSockets disturb it', async t => {
  const session = await poll_at(base_of(await serve_echo(t)));
  const wire = await probe_at(t, session);
  await wire.opened();
  wire.socket.on('message', data => String(data) === '2' && wire.send('3'));
  wire.send('2probe');
  await wire.next();
  wire.send('5', '4upgraded');
  assert.deepEqual(await wire.next(), ['4upgraded']);
  assert.equal((await session.get()).status, 400);
  assert.equal((await session.post('4x')).status, 400);
  const second = await probe_at(t, session);
  await second.closed();
  wire.send('4hello');
  assert.deepEqual(await wire.next(), ['4hello']);
});

test('what was said by polling during the probe is not lost by the upgrade', async t => {
  const session = await poll_at(base_of(await serve_echo(t)));
  const wire = await probe_at(t, session);
  await wire.opened();
  wire.send('2probe');
  await wire.next();
  await session.post(['41', '42', '43'].join(SEPARATOR));
  wire.send('5', '44');
  assert.deepEqual(await wire.next(4), ['41', '42', '43', '44']);
});

test('a body of exactly the maximum passes, one byte more is 413 and the end', async t => {
  const session = await poll_at(base_of(await serve_echo(t)));
  const largest = `4${'x'.repeat(1e6 - 1)}`;
  assert.equal((await session.post(largest)).status, 200);
  assert.ok((await session.packets(1))[0] === largest);
  const over = await session.post(`${largest}x`);
  assert.deepEqual([over.status, over.text], [413, '']);
  assert.equal((await session.get()).status, 400);
});

test('engine.io-client hears what it says on every transport', async t => {
  const server = await serve_echo(t);
  for (const [transport, options] of Object.entries(TRANSPORTS)) {
    const engine = new EngineSocket(server.url, { path: '/engine.io/', ...options });
    t.after(() => engine.close());
    engine.binaryType = 'nodebuffer';
    const heard = [];
    engine.on('message', data => heard.push(data));
    const said = [];
    const say = data => { said.push(data); engine.send(data); };
    for (let n = 0; n < 30; n += 1) say(n % 3 ? `text ${n}` : Buffer.from([n, 255, 0x1e]));
    await until(() => heard.length >= 30);
    if (transport === 'upgrade') await until(() => engine.transport.name === 'websocket');
    for (let n = 30; n < 60; n += 1) say(n % 3 ? `text ${n}` : Buffer.from([n, 255, 0x1e]));
    await until(() => heard.length >= 60);
    assert.deepEqual(heard, said, transport);
  }
});
