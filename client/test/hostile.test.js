// What stands between: proxies that block, collect, cut and break; servers that refuse, put off and end.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { connect } from '../holdline.js';
import { cutter, hostile, proxy } from './proxy.js';
import { Record, Server, heard, range, reached } from './server.js';

const ends = [];
after(async () => { for (const end of ends.reverse()) await end(); });
const started = async (...flags) => {
  const server = await Server.start(...flags);
  ends.push(() => server.kill());
  return server;
};
const between = async (server, rules) => {
  const middle = await proxy(() => server.url, rules);
  ends.push(middle.close);
  return middle;
};
const opened = (url, options) => {
  const line = connect(url, { channels: ['a'], backoff: 20, backoffMax: 100, patience: 300, ...options });
  ends.push(line.close);
  return { line, record: new Record(line) };
};
/** A server of canned answers, by the number of the request. */
const canned = async (answer) => {
  const server = await hostile(answer);
  ends.push(server.close);
  return server;
};

for (const [rules, transport] of [
  [{ blocked: ['websocket'] }, 'sse'],
  [{ reset: ['sse'], blocked: ['websocket'] }, 'ndjson'],
  [{ blocked: ['websocket', 'sse', 'ndjson'] }, 'long-poll'],
  [{ blocked: ['websocket'], buffered: ['sse', 'ndjson'] }, 'long-poll'],
]) {
  test(`${JSON.stringify(rules)} leaves ${transport}`, async () => {
    const server = await started('--open');
    const { line, record } = opened((await between(server, rules)).url);
    await reached(line, 'open');
    assert.equal(line.transport, transport);
    for (const number of range(0, 20)) await server.publish('a', number);
    await record.count(20);
    assert.deepEqual(record.data, range(0, 20));
  });
}

test('a better transport is taken when it works again, and nothing is lost on the way', async () => {
  const server = await started('--open');
  const rules = { blocked: ['websocket', 'sse', 'ndjson'] };
  const { line, record } = opened((await between(server, rules)).url, { upgrade: 50 });
  await reached(line, 'open');
  const numbers = range(0, 200);
  for (const [index, number] of numbers.entries()) {
    if (index === 50) rules.blocked = ['websocket', 'sse'];
    if (index === 100) rules.blocked = [];
    await server.publish('a', number);
  }
  while (line.transport !== 'websocket') await heard(line, 'position');
  await record.count(200);
  assert.deepEqual(record.data, numbers);
});

test('a line that is cut every few hundred bytes goes on by the number', async () => {
  const server = await started('--open');
  let bytes = 600;
  const middle = await cutter(() => server.url, () => (bytes += 150));
  ends.push(middle.close);
  const { record } = opened(middle.url, { since: 'start', backoff: 5, backoffMax: 10 });
  for (const number of range(0, 200)) await server.publish('a', number);
  await record.count(200);
  assert.deepEqual(record.data, range(0, 200));
  assert.deepEqual(record.gaps, []);
});

test('a line that falls silent is dropped', async () => {
  const server = await started('--open');
  const middle = await canned((request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
    response.write('{"notice":"position","cursor":"1-0"}\n');
  });
  const { line } = opened(middle.url, { transports: ['ndjson'], heartbeat: 50 });
  await reached(line, 'waiting');
  assert.match(line.error.message, /silent/);
  await server.kill();
});

test('Retry-After is waited for', async () => {
  let first;
  const middle = await canned((request, response) => {
    if (first) return response.end(`{"messages":[],"notices":[],"next":"1-0","client":"${Date.now() - first}"}`);
    first = Date.now();
    return response.writeHead(503, { 'Retry-After': '1' }).end();
  });
  const { line } = opened(middle.url, { transports: ['long-poll'] });
  await reached(line, 'open');
  assert.ok(Number(line.client) >= 500, line.client);
  line.close();
});

test('the delay of an SSE retry and of a shutdown is waited for', async () => {
  const answers = [
    'retry: 400\n: 503 full\n\n',
    'retry: 1\nid: 1-0\nevent: holdline:position\ndata:\n\nevent: holdline:shutdown\ndata: {"notice":"shutdown","reconnect_ms":500}\n\n',
  ];
  const times = [];
  const middle = await canned((request, response) => {
    times.push(Date.now());
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    const answer = answers.shift();
    if (answer) response.end(answer);
    else response.write('id: 2-0\nevent: holdline:position\ndata: {"client":"c"}\n\n');
  });
  const { line } = opened(middle.url, { transports: ['sse'] });
  let shutdowns = 0;
  line.on('shutdown', () => { shutdowns += 1; });
  await heard(line, 'position', ({ cursor }) => cursor === '2-0');
  const [a, b, c] = times;
  assert.ok(b - a >= 380 && c - b >= 480, `${b - a} ${c - b}`);
  assert.deepEqual([shutdowns, line.client], [1, 'c']);
  line.close();
});

test('a refusal in the words of the server is final, a proxy\'s is not until all were tried', async () => {
  for (const status of [400, 401, 403, 404]) {
    const own = await canned((request, response) => {
      response.writeHead(status, { 'Content-Type': 'application/problem+json' }).end(`{"status":${status},"detail":"no"}`);
    });
    const { line } = opened(own.url);
    await reached(line, 'closed');
    assert.deepEqual([line.error.status, line.error.message, own.asked.length], [status, 'no', 2]);
    const proxys = await canned((request, response) => response.writeHead(status).end('no'));
    const { line: other } = opened(proxys.url);
    await reached(other, 'closed');
    assert.equal(proxys.asked.length, 4);
  }
  const gone = await canned((request, response) => response.writeHead(204).end());
  const { line } = opened(gone.url);
  await reached(line, 'closed');
  assert.equal(line.error.status, 204);
});

test('a token that is refused is asked for anew, once', async () => {
  for (const good of ['t2', 'none']) {
    const middle = await canned((request, response) => {
      if (request.headers.authorization !== `Bearer ${good}`) return response.writeHead(401).end();
      return response.writeHead(200).write('{"notice":"position","cursor":"1-0"}\n');
    });
    let asked = 0;
    const token = () => `t${asked += 1}`;
    const { line } = opened(middle.url, { transports: ['ndjson'], token });
    await reached(line, good === 't2' ? 'open' : 'closed');
    assert.equal(asked, 2);
    line.close();
  }
});

for (const transport of ['websocket', 'sse', 'ndjson', 'long-poll']) {
  test(`${transport}: a server that ends in order is come back to, and its loss is told`, async () => {
    const flags = ['--open', '--drain-timeout', '1s'];
    const server = await started(...flags);
    const { line, record } = opened(server.url, { transports: [transport] });
    await reached(line, 'open');
    let shutdown;
    if (transport === 'long-poll') await server.holdsPoll(); // which is only answered
    else shutdown = heard(line, 'shutdown');
    await server.kill('SIGTERM');
    if (shutdown) assert.equal(typeof (await shutdown).reconnect_ms, 'number');
    const next = await started(...flags, '--listen', `127.0.0.1:${server.port}`);
    await next.publish('a', 'after');
    await record.count(1);
    assert.deepEqual([record.data, record.gaps.length], [['after'], 1]);
  });
}
