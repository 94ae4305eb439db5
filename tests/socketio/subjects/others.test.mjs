// Socket.IO clients and everybody else read and write the same log.
import assert from 'node:assert/strict';
import test from 'node:test';
import WebSocket from 'ws';
import { until } from '../../browser/check.mjs';
import { by_all, connect, settled } from '../support/clients.mjs';
import { ask, publish_numbers, range, retained, serve } from '../support/holdline.mjs';

/** Reads `/channels/CHANNEL` as lines of JSON or as SSE, and gives the envelopes as they come. */
async function streaming(t, server, channel, accept) {
  const ended = new AbortController();
  t.after(() => ended.abort());
  const answer = await fetch(`${server.url}/channels/${channel}?envelope=1`, { headers: { accept }, signal: ended.signal });
  const envelopes = [];
  (async () => {
    let text = '';
    for await (const part of answer.body.pipeThrough(new TextDecoderStream())) {
      text += part;
      const lines = text.split('\n');
      text = lines.pop();
      for (const line of lines) {
        const json = line.replace(/^data: ?/, '');
        if (json.startsWith('{')) envelopes.push(JSON.parse(json));
      }
    }
  })().catch(() => {});
  return envelopes;
}

const messages = envelopes => envelopes.filter(({ id }) => id);

test('what a Socket.IO client emits is read by SSE, ndjson, WebSocket and polls', async t => {
  const server = await serve(t);
  await by_all(t, async (t, io, options, tag) => {
    const channel = `told/${tag}`;
    const sse = await streaming(t, server, channel, 'text/event-stream');
    const ndjson = await streaming(t, server, channel, 'application/x-ndjson');
    const websocket = new WebSocket(`${server.url.replace('http', 'ws')}/channels/${channel}`);
    t.after(() => websocket.terminate());
    const frames = [];
    websocket.on('message', frame => frames.push(JSON.parse(frame)));
    await until(() => frames.length && sse.length && ndjson.length);
    const { next } = (await ask(`${server.url}/channels/${channel}`)).json;
    const client = await connect(t, `${server.url}/${channel}`, options, io);
    const answers = await Promise.all(range(1, 10).map(n => client.emit('n', { n })));
    const wanted = answers.map(([{ id }], i) => [id, channel, 'n', { n: i + 1 }]);
    const heard = list => messages(list).map(({ id, channel, event, data }) => [id, channel, event, data]);
    for (const list of [sse, ndjson, frames]) {
      await until(() => messages(list).length >= 10);
      assert.deepEqual(heard(list), wanted);
    }
    assert.deepEqual(heard((await ask(`${server.url}/channels/${channel}?since=${next}`)).json.messages), wanted);
  });
});

test('what is published over HTTP and WebSocket reaches Socket.IO clients in one order', async t => {
  const server = await serve(t);
  const websocket = new WebSocket(`${server.url.replace('http', 'ws')}/channels/mixed`);
  t.after(() => websocket.terminate());
  await new Promise(resolve => websocket.on('open', resolve));
  const readers = [await connect(t, `${server.url}/mixed`, { transports: ['polling'] }), await connect(t, `${server.url}/mixed`, { transports: ['websocket'] })];
  const speaker = await connect(t, `${server.url}/mixed`);
  await Promise.all(range(1, 10).flatMap(n => [
    publish_numbers(server, 'mixed', 100 + n, 100 + n),
    speaker.emit('n', 200 + n),
    websocket.send(JSON.stringify({ type: 'publish', channel: 'mixed', event: 'n', data: 300 + n })),
  ]));
  await until(async () => (await retained(server, 'mixed')).length === 30);
  await settled(server, 'mixed', ...readers);
  const log = (await retained(server, 'mixed')).filter(({ event }) => event === 'n').map(({ id, data }) => [id, Number(data)]);
  assert.equal(log.length, 30);
  for (const reader of readers) assert.deepEqual(reader.events('n').map(([data, id]) => [id, Number(data)]), log);
});

test('a batch over /publish comes as single events', async t => {
  const server = await serve(t);
  const client = await connect(t, `${server.url}/batch`);
  const lines = range(1, 20).map(n => JSON.stringify({ channel: 'batch', event: 'n', data: n })).join('\n');
  await ask(`${server.url}/publish`, { method: 'POST', body: lines, headers: { 'content-type': 'application/x-ndjson' } });
  assert.deepEqual(await client.hears_up_to(20), range(1, 20));
});

test('a client may go from Socket.IO to another transport and back, and lose nothing', async t => {
  const server = await serve(t);
  const session = 'session-that-changes-transport';
  const first = await connect(t, `${server.url}/moved`, { auth: { session } });
  await publish_numbers(server, 'moved', 1, 3);
  await first.hears_up_to(3);
  const [, offset] = first.events('n').at(-1);
  first.socket.disconnect();
  await publish_numbers(server, 'moved', 4, 6);
  const polled = (await ask(`${server.url}/channels/moved?since=${offset}&session=${session}`)).json;
  assert.deepEqual(polled.messages.map(({ data }) => data), ['4', '5', '6']);
  await publish_numbers(server, 'moved', 7, 9);
  const second = await connect(t, `${server.url}/moved`, { auth: { session, since: polled.next } });
  assert.deepEqual(await second.hears_up_to(9), [7, 8, 9]);
  assert.equal(second.id, polled.client);
});

test('messages with key, ttl and retain=0 mean what they mean everywhere', async t => {
  const server = await serve(t);
  const client = await connect(t, `${server.url}/kept`);
  for (const [data, query] of [['1', '&key=a'], ['2', '&key=a'], ['3', '&retain=0'], ['4', '']]) await server.publish(data, `?event=n${query}`, 'kept');
  assert.deepEqual(await client.hears_up_to(4), [1, 2, 3, 4]);
  const late = await connect(t, `${server.url}/kept`, { auth: { since: 'start' } });
  assert.deepEqual(await late.hears_up_to(4), [2, 4]);
});
