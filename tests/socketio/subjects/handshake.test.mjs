// What the first request is answered: the five fields, headers, errors by number, and what is not there.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import test from 'node:test';
import { by_all, connect } from '../support/clients.mjs';
import { ask, post, serve } from '../support/holdline.mjs';

const OPEN = '/socket.io/?EIO=4&transport=polling';
const open_fields = ({ text }) => {
  assert.equal(text[0], '0');
  return JSON.parse(text.slice(1));
};

/** A request with any headers, which fetch would not send. */
const raw = (url, headers, method = 'GET') => new Promise((resolve, reject) => {
  const sent = request(url, { method, headers }, answer => {
    let text = '';
    answer.setEncoding('utf8').on('data', part => { text += part; }).on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }));
  });
  sent.on('upgrade', (answer, socket) => { socket.destroy(); resolve({ status: 101, headers: answer.headers, text: '' }); });
  sent.on('error', reject).end();
});

const UPGRADE = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' };

test('the open packet has the five fields and the defaults', async t => {
  const server = await serve(t);
  const answer = await ask(server.url + OPEN);
  assert.equal(answer.status, 200);
  const { sid, ...others } = open_fields(answer);
  assert.match(sid, /^[\w-]{22}$/);
  assert.deepEqual(others, { upgrades: ['websocket'], pingInterval: 25000, pingTimeout: 20000, maxPayload: 1 << 20 });
  assert.equal(answer.headers.get('content-type'), 'text/plain; charset=UTF-8');
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  const { sid: another } = open_fields(await ask(server.url + OPEN));
  assert.notEqual(another, sid);
});

test('flags are told in the open packet, and move the path', async t => {
  const flags = ['--ping-interval', '7s', '--ping-timeout', '3s', '--max-message', '5K', '--socketio-path', '/rt/'];
  const server = await serve(t, ...flags);
  const { sid, ...others } = open_fields(await ask(`${server.url}/rt/?EIO=4&transport=polling`));
  assert.deepEqual(others, { upgrades: ['websocket'], pingInterval: 7000, pingTimeout: 3000, maxPayload: 5 << 10 });
  assert.equal((await ask(server.url + OPEN)).status, 404);
  await by_all(t, async (t, io, options) => {
    const client = await connect(t, server.url, { ...options, path: '/rt/' }, io);
    assert.match((await client.emit('n', 1))[0].id, /-/);
  });
});

test('the slash at the path\'s end may be left out', async t => {
  const server = await serve(t);
  assert.equal((await ask(`${server.url}/socket.io?EIO=4&transport=polling`)).status, 200);
  await by_all(t, async (t, io, options) => {
    await connect(t, server.url, { ...options, path: '/socket.io', addTrailingSlash: false }, io);
  });
});

test('errors have the numbers of Engine.IO', async t => {
  const server = await serve(t);
  const errors = [
    ['/socket.io/?EIO=4&transport=carrier-pigeon', {}, 0, 'Transport unknown'],
    ['/socket.io/?EIO=4', {}, 0, 'Transport unknown'],
    [`${OPEN}&sid=none`, {}, 1, 'Session ID unknown'],
    [`${OPEN}&sid=none`, { method: 'POST', body: '3' }, 1, 'Session ID unknown'],
    [OPEN, { method: 'POST', body: '' }, 2, 'Bad handshake method'],
    [OPEN, { method: 'PUT' }, 2, 'Bad handshake method'],
    ['/socket.io/?EIO=4&transport=websocket', {}, 3, 'Bad request'],
    ['/socket.io/?EIO=3&transport=polling', {}, 5, 'Unsupported protocol version'],
    ['/socket.io/?transport=polling', {}, 5, 'Unsupported protocol version'],
  ];
  for (const [path, options, code, message] of errors) {
    const { status, headers, json } = await ask(server.url + path, options);
    assert.deepEqual([path, status, json], [path, 400, { code, message }]);
    assert.match(headers.get('content-type'), /^application\/json/);
  }
});

test('no CORS headers and no cookies by default', async t => {
  const server = await serve(t);
  const opened = await ask(server.url + OPEN);
  const posted = await post(`${server.url}${OPEN}&sid=${open_fields(opened).sid}`, '40');
  assert.equal(posted.text, 'ok');
  for (const { headers } of [opened, posted, await ask(`${server.url}${OPEN}&sid=none`)]) {
    const unwanted = [...headers.keys()].filter(name => /^(access-control-|set-cookie)/.test(name));
    assert.deepEqual(unwanted, []);
  }
});

test('a foreign origin is 403 before anything is done, on both transports; the own one is not', async t => {
  const server = await serve(t);
  const websocket = `${server.url}/socket.io/?EIO=4&transport=websocket`;
  for (const origin of ['http://evil.example', 'null', server.url.replace(/\d+$/, '1')]) {
    for (const [url, headers] of [[server.url + OPEN, {}], [websocket, UPGRADE]]) {
      const { status, text, headers: told } = await raw(url, { ...headers, origin });
      assert.deepEqual([origin, status, JSON.parse(text)], [origin, 403, { code: 4, message: 'Forbidden' }]);
      assert.equal(told['access-control-allow-origin'], undefined);
    }
  }
  assert.equal((await raw(server.url + OPEN, { 'sec-fetch-site': 'cross-site' })).status, 403);
  assert.equal((await raw(server.url + OPEN, { origin: server.url })).status, 200);
  assert.equal((await raw(websocket, { ...UPGRADE, origin: server.url })).status, 101);
});

test('an origin that is allowed may read, others may not', async t => {
  const server = await serve(t, '--allow-origin', 'http://page.example');
  const allowed = await raw(server.url + OPEN, { origin: 'http://page.example' });
  assert.deepEqual([allowed.status, allowed.headers['access-control-allow-origin'], allowed.headers['access-control-allow-credentials']],
    [200, 'http://page.example', 'true']);
  const preflight = await raw(server.url + OPEN, { origin: 'http://page.example', 'access-control-request-method': 'POST' }, 'OPTIONS');
  assert.equal(preflight.status, 204);
  const websocket = { ...UPGRADE, origin: 'http://page.example' };
  assert.equal((await raw(`${server.url}/socket.io/?EIO=4&transport=websocket`, websocket)).status, 101);
  assert.equal((await raw(server.url + OPEN, { origin: 'http://other.example' })).status, 403);
});

test('the client script is not served: 404, and where to get it', async t => {
  const server = await serve(t);
  for (const name of ['socket.io.js', 'socket.io.min.js', 'socket.io.esm.min.js', 'socket.io.js.map', 'anything/else']) {
    const { status, json } = await ask(`${server.url}/socket.io/${name}`);
    assert.equal(status, 404, name);
    assert.match(json.detail, /socket\.io-client/);
    assert.match(json.detail, /cdn\.socket\.io/);
  }
});

test('over --max-sessions new ones are turned away, and the others stay', async t => {
  const server = await serve(t, '--max-sessions', '2');
  const kept = [await connect(t, server.url), await connect(t, server.url)];
  assert.equal((await ask(server.url + OPEN)).status, 503);
  assert.match((await kept[0].emit('n', 1))[0].id, /-/);
  kept[0].socket.disconnect();
  const late = await connect(t, server.url);
  assert.match((await late.emit('n', 2))[0].id, /-/);
});
