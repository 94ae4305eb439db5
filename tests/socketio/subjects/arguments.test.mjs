// The arguments of an event: none, one, several, of any kind; and what Socket.IO clients make of what others publish.
import assert from 'node:assert/strict';
import test from 'node:test';
import { by_all, connect } from '../support/clients.mjs';
import { post, retained, serve } from '../support/holdline.mjs';

const VALUES = [0, -1.5, 1e21, '', 'text', '✓ 漢字 \u{1F600}', '\u0000\u001e\n"\\', true, false, null, [], {}, [1, [2, { three: '3' }]],
  { a: { b: [null, { c: 'd' }] }, 'é': 1 }, 'b', '2', '451-["x"]'];

test('each kind of value arrives as it was emitted', async t => {
  const server = await serve(t);
  await by_all(t, async (t, io, options, tag) => {
    const url = `${server.url}/values/${tag}`;
    const [speaker, listener] = [await connect(t, url, options, io), await connect(t, url, options, io)];
    for (const value of VALUES) speaker.socket.emit('value', value);
    const heard = await listener.hears('value', VALUES.length);
    assert.deepEqual(heard.map(([value]) => value), VALUES);
    assert.ok(heard.every(said => said.length === 2), 'one argument and the offset');
  });
});

test('several arguments come as several, for others they are an array; none is null', async t => {
  const server = await serve(t);
  await by_all(t, async (t, io, options, tag) => {
    const channel = `several/${tag}`;
    const url = `${server.url}/${channel}`;
    const [speaker, listener] = [await connect(t, url, options, io), await connect(t, url, options, io)];
    speaker.socket.emit('none');
    speaker.socket.emit('two', 1, '2');
    speaker.socket.emit('array', [1, '2']);
    speaker.socket.emit('many', ...VALUES);
    await listener.hears('many');
    const offsets = listener.heard.map(said => said.at(-1));
    assert.deepEqual(listener.heard.map(said => said.slice(0, -1)), [
      ['none', null], ['two', 1, '2'], ['array', [1, '2']], ['many', ...VALUES],
    ]);
    const messages = await retained(server, channel);
    assert.deepEqual(messages.map(({ event, data }) => [event, data]), [
      ['none', null], ['two', [1, '2']], ['array', [1, '2']], ['many', VALUES],
    ]);
    assert.deepEqual(offsets, messages.map(({ id }) => id));
  });
});

test('the event "message" is a message without a name, both ways', async t => {
  const server = await serve(t);
  const [speaker, listener] = [await connect(t, `${server.url}/plain`), await connect(t, `${server.url}/plain`)];
  speaker.socket.send('said');
  await server.publish('published', '', 'plain');
  assert.deepEqual((await listener.hears('message', 2)).map(([data]) => data), ['said', 'published']);
  const [said, published] = await retained(server, 'plain');
  assert.deepEqual([said.event, said.data, published.event, published.data], [undefined, 'said', undefined, 'published']);
});

test('what a backend publishes comes as text or as a JSON value, an array as one argument', async t => {
  const server = await serve(t);
  const client = await connect(t, `${server.url}/typed`);
  const json = { 'content-type': 'application/json' };
  for (const [body, headers] of [['[1,2]', {}], ['[1,2]', json], ['{"a":[null]}', json], ['"s"', json], ['', {}], ['12345678901234567890', json]]) {
    assert.equal((await post(`${server.url}/channels/typed?event=typed`, body, headers)).status, 200);
  }
  const heard = (await client.hears('typed', 6)).map(([data]) => data);
  assert.deepEqual(heard, ['[1,2]', [1, 2], { a: [null] }, 's', '', 12345678901234567000]);
});
