// A question to a channel is an event with a callback: calling it answers whoever asks over HTTP.
import assert from 'node:assert/strict';
import test from 'node:test';
import { by_all, connect } from '../support/clients.mjs';
import { ask, post, range, serve } from '../support/holdline.mjs';

const JSON_TYPE = { 'content-type': 'application/json' };

test('calling the callback answers the question', async t => {
  const server = await serve(t);
  await by_all(t, async (t, io, options, tag) => {
    const client = await connect(t, `${server.url}/device/${tag}`, options, io);
    client.socket.on('add', ({ a, b }, answer) => answer({ sum: a + b }));
    for (const n of range(1, 5)) {
      const { status, headers, json } = await post(`${server.url}/ask/device/${tag}?event=add`, JSON.stringify({ a: n, b: 1 }), JSON_TYPE);
      assert.deepEqual([status, json, headers.get('holdline-ask')], [200, { sum: n + 1 }, 'answered']);
      assert.equal(headers.get('holdline-answered-by'), client.id);
    }
    assert.deepEqual(client.events('add').map(said => said.length), Array(5).fill(2), 'data and callback; no offset');
  });
});

test('questions that are open at the same time get each its own answer', async t => {
  const server = await serve(t);
  const client = await connect(t, `${server.url}/many`);
  const held = [];
  client.socket.on('double', (n, answer) => held.push(() => answer(n * 2)));
  const asking = range(1, 8).map(n => post(`${server.url}/ask/many?event=double`, String(n), JSON_TYPE));
  await client.hears('double', 8);
  for (const answer of held.reverse()) answer();
  assert.deepEqual((await Promise.all(asking)).map(({ json }) => json), range(1, 8).map(n => n * 2));
});

test('an answer is text, a value, several values, bytes, or nothing', async t => {
  const server = await serve(t);
  const client = await connect(t, `${server.url}/kinds`);
  const answers = [['text'], [{ a: [1] }], [1, '2'], [], [Buffer.from([0, 255, 30])]];
  const wanted = [
    ['text/plain', 'text'], ['application/json', '{"a":[1]}'], ['application/json', '[1,"2"]'], ['application/json', 'null'],
    ['application/octet-stream', null],
  ];
  client.socket.on('message', (number, answer) => answer(...answers[number]));
  for (const [number, [type, text]] of wanted.entries()) {
    const { status, headers, text: said } = await post(`${server.url}/ask/kinds`, String(number));
    assert.equal(status, 200);
    assert.ok(headers.get('content-type').startsWith(type), `${number}: ${headers.get('content-type')}`);
    if (text !== null) assert.equal(said, text);
  }
  const bytes = await (await fetch(`${server.url}/ask/kinds`, { method: 'POST', body: '4' })).arrayBuffer();
  assert.deepEqual(Buffer.from(bytes), Buffer.from([0, 255, 30]));
});

test('of two who answer the first counts, and the other is none the worse', async t => {
  const server = await serve(t);
  const clients = [await connect(t, `${server.url}/both`), await connect(t, `${server.url}/both`, { transports: ['polling'] })];
  const held = clients.map(({ socket }, who) => new Promise(resolve => socket.on('which', (_, answer) => resolve(() => answer(who)))));
  const asking = post(`${server.url}/ask/both?event=which`, 'x');
  const [first, second] = await Promise.all(held);
  second();
  const { json, headers } = await asking;
  assert.deepEqual([json, headers.get('holdline-answered-by')], [1, clients[1].id]);
  first();
  for (const client of clients) assert.match((await client.emit('n', 1))[0].id, /-/);
  assert.deepEqual(clients.map(({ left }) => left), [[], []]);
});

test('a question that is withdrawn is told, and answering it then is no harm', async t => {
  const server = await serve(t);
  const client = await connect(t, `${server.url}/taken-back`);
  const pending = await post(`${server.url}/ask/taken-back?event=sure&wait=0`, 'x');
  assert.deepEqual([pending.status, pending.headers.get('holdline-ask')], [202, 'pending']);
  const [[data, answer]] = await client.hears('sure');
  assert.equal(data, 'x');
  assert.equal((await ask(new URL(pending.headers.get('location'), server.url), { method: 'DELETE' })).status, 204);
  const [[notice, ...rest]] = await client.hears('holdline:withdrawn');
  assert.deepEqual([Object.keys(notice).sort(), rest], [['ask', 'reason'], []]);
  answer('too late');
  assert.match((await client.emit('n', 1))[0].id, /-/);
});

test('a question asked while nobody was connected reaches who comes with since', async t => {
  const server = await serve(t);
  const pending = await post(`${server.url}/ask/waiting?event=sure&wait=0`, 'x');
  assert.deepEqual([pending.status, pending.headers.get('holdline-subscribers')], [202, '0']);
  const client = await connect(t, `${server.url}/waiting`, { auth: { since: 'start' } });
  const [[data, answer]] = await client.hears('sure');
  answer('yes');
  assert.equal(data, 'x');
  assert.equal((await ask(new URL(`${pending.headers.get('location')}?wait=30`, server.url))).text, 'yes');
});

test('a question with bytes in it comes with Buffers', async t => {
  const server = await serve(t);
  for (const transports of [['polling'], ['websocket']]) {
    const client = await connect(t, `${server.url}/bytes/${transports}`, { transports });
    client.socket.on('bytes', (bytes, answer) => answer(bytes.length));
    const { json } = await post(`${server.url}/ask/bytes/${transports}?event=bytes`, Buffer.from([1, 2, 255]), { 'content-type': 'application/octet-stream' });
    assert.equal(json, 3);
  }
});

test('an acknowledgement that nobody waits for changes nothing', async t => {
  const server = await serve(t);
  const client = await connect(t, `${server.url}/stray`);
  client.socket.io.engine.write('3/stray,4711["no question"]');
  assert.match((await client.emit('n', 1))[0].id, /-/);
  assert.deepEqual(client.left, []);
});
