// What breaks the protocol ends the session it came on, and no other.
import assert from 'node:assert/strict';
import test from 'node:test';
import WebSocket from 'ws';
import { until } from '../../browser/check.mjs';
import { connect, settled } from '../support/clients.mjs';
import { ask, post, publish_numbers, range, retained, serve } from '../support/holdline.mjs';

const POLLING = '/socket.io/?EIO=4&transport=polling';
const ATTACHED = '{"_placeholder":true,"num":0}';

// As Socket.IO packets, without Engine.IO's "4" in front.
const MALFORMED = {
  'an unknown packet type': ['7'], 'no digit': ['abc'], 'an event that is an object': ['2{}'], 'an event without a name': ['2[]'],
  'an event whose name is no string': ['2[{}]'], 'a reserved name': ['2["connect"]'], 'broken JSON': ['2["n",'],
  'nested deeper than 128': [`2["n",${'['.repeat(130)}${']'.repeat(130)}]`], 'an event elsewhere than joined': ['2/elsewhere,["n"]'],
  'joining twice': ['0'], 'an ack id that is no number': ['2abc["n"]'], 'an ack without an id': ['3["x"]'], 'an ack that is no list': ['31{}'],
  'an error, which only servers tell': ['4{"message":"x"}'], 'a disconnect with data': ['1{"x":1}'], 'connect data that is a list': ['0["x"]'],
  'an attachment count that is none': ['5["n"]'], 'too many attachments': [`5${'9'.repeat(15)}-["n"]`],
  'text where an attachment is due': [`51-["n",${ATTACHED}]`, '2["n"]'],
  'bytes that nobody announced': [Buffer.from('x')],
};
// As Engine.IO packets.
const MALFORMED_ENGINE = { 'an unknown packet': 'x', 'nothing': '', 'an open packet': '0', 'a ping, which only servers send': '2' };

async function polling_session(server) {
  const { sid } = JSON.parse((await ask(server.url + POLLING)).text.slice(1));
  return `${server.url}${POLLING}&sid=${sid}`;
}

async function websocket_session(t, server) {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  t.after(() => socket.terminate());
  const packets = [];
  let is_closed = false;
  socket.on('message', data => packets.push(String(data))).on('close', () => { is_closed = true; });
  await until(() => packets.length);
  return { socket, packets, closed: () => until(() => is_closed, () => packets) };
}

/** Somebody else, who must not be disturbed by `deeds`. */
async function undisturbed(t, server, deeds) {
  const others = [await connect(t, `${server.url}/calm`, { transports: ['websocket'] }), await connect(t, `${server.url}/calm`, { transports: ['polling'] })];
  await publish_numbers(server, 'calm', 1, 3);
  await deeds();
  await publish_numbers(server, 'calm', 4, 6);
  for (const other of others) {
    assert.deepEqual(await other.hears_up_to(6), range(1, 6));
    assert.deepEqual(other.left, []);
  }
}

for (const [what, packets] of Object.entries(MALFORMED)) {
  test(`malformed: ${what}`, async t => {
    const server = await serve(t);
    await undisturbed(t, server, async () => {
      const { socket, packets: told, closed } = await websocket_session(t, server);
      socket.send('40');
      await until(() => told.some(packet => packet.startsWith('40')));
      for (const packet of packets) socket.send(typeof packet === 'string' ? `4${packet}` : packet);
      await closed();

      const url = await polling_session(server);
      assert.equal((await post(url, '40')).text, 'ok');
      await ask(url);
      const body = packets.map(packet => (typeof packet === 'string' ? `4${packet}` : `b${packet.toString('base64')}`)).join('\x1e');
      await post(url, body);
      assert.equal((await ask(url)).json.code, 1, 'the session is gone');
    });
    assert.deepEqual(await retained(server, 'main'), []);
  });
}

test('malformed Engine.IO packets end the session', async t => {
  const server = await serve(t);
  await undisturbed(t, server, async () => {
    for (const [what, packet] of Object.entries(MALFORMED_ENGINE)) {
      const { socket, closed } = await websocket_session(t, server);
      socket.send(packet);
      await closed();
      const url = await polling_session(server);
      await post(url, packet);
      assert.equal((await ask(url)).json.code, 1, what);
    }
  });
});

test('more than maxPayload is 413 by polling and 1009 by WebSocket, and ends the session', async t => {
  const server = await serve(t, '--max-message', '2K');
  await undisturbed(t, server, async () => {
    const url = await polling_session(server);
    const { status, text } = await post(url, `4${'x'.repeat(3000)}`);
    assert.deepEqual([status, text], [413, '']);
    assert.equal((await ask(url)).json.code, 1);
    const { socket, closed } = await websocket_session(t, server);
    const code = new Promise(resolve => socket.on('close', resolve));
    socket.send(`4${'x'.repeat(3000)}`);
    await closed();
    assert.equal(await code, 1009);
  });
});

test('a placeholder without its attachment is refused, and nothing is published', async t => {
  const server = await serve(t);
  const listener = await connect(t, server.url);
  const { socket, packets } = await websocket_session(t, server);
  socket.send('40');
  for (const number of [1, -1, '"0"', 1e9, null]) {
    socket.send(`451-7["n",{"_placeholder":true,"num":${number}}]`);
    socket.send(Buffer.from('x'));
  }
  const refused = () => packets.filter(packet => packet.startsWith('437[{"error":{'));
  await until(() => refused().length === 5, () => packets);
  await publish_numbers(server, 'main', 1, 1);
  assert.deepEqual(await listener.hears_up_to(1), [1]);
  assert.equal((await retained(server, 'main')).length, 1);
});

test('attachments that together are more than maxPayload end the session', async t => {
  const server = await serve(t, '--max-message', '2K');
  await undisturbed(t, server, async () => {
    const { socket, packets, closed } = await websocket_session(t, server);
    socket.send('40');
    await until(() => packets.some(packet => packet.startsWith('40')));
    socket.send('453-["n",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1},{"_placeholder":true,"num":2}]');
    for (let i = 0; i < 3; i += 1) socket.send(Buffer.alloc(1500));
    await closed();
  });
  assert.deepEqual(await retained(server, 'main'), []);
});

test('a client that says too much in one message is cut off and may come back', async t => {
  const server = await serve(t, '--max-message', '2K');
  for (const transports of [['polling'], ['websocket']]) {
    const client = await connect(t, `${server.url}/loud`, { transports });
    client.socket.emit('n', 'x'.repeat(3000));
    await client.connected(2);
    assert.match((await client.emit('n', 1))[0].id, /-/);
  }
  assert.deepEqual((await retained(server, 'loud')).map(({ data }) => data), [1, 1]);
});

test('an ack that answers nothing, an upgrade when there is none, a noop and a pong too many are no harm', async t => {
  const server = await serve(t);
  const client = await connect(t, `${server.url}/calm`);
  client.socket.io.engine.write('3/calm,1["x"]');
  for (const type of ['upgrade', 'noop', 'pong']) client.socket.io.engine._sendPacket(type);
  assert.match((await client.emit('n', 1))[0].id, /-/);
  await settled(server, 'calm', client);
  assert.deepEqual(client.left, []);
});

test('a session without pongs is dead, on both transports', async t => {
  const server = await serve(t, '--ping-interval', '100ms', '--ping-timeout', '100ms');
  const { packets, closed } = await websocket_session(t, server);
  await closed();
  assert.deepEqual(packets.slice(1), ['2']);
  const url = await polling_session(server);
  await until(async () => (await ask(url)).status === 400);
});
