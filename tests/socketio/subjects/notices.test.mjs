// What the server says of itself comes as events that begin with `holdline:`, with one object and no offset.
import assert from 'node:assert/strict';
import test from 'node:test';
import { until } from '../../browser/check.mjs';
import { by_all, connect, open, TRANSPORTS } from '../support/clients.mjs';
import { ask, post, publish_numbers, range, serve, serve_behind_proxy } from '../support/holdline.mjs';

test('a channel that is deleted is told as closed, and its namespace is left', async t => {
  const server = await serve(t);
  await by_all(t, async (t, io, options, tag) => {
    const client = await connect(t, `${server.url}/doomed/${tag}`, options, io);
    assert.equal((await ask(`${server.url}/channels/doomed/${tag}`, { method: 'DELETE' })).status, 204);
    await client.disconnected();
    assert.deepEqual(client.heard, [['holdline:closed', { channel: `doomed/${tag}` }]]);
    assert.deepEqual(client.left, ['io server disconnect']);
  });
});

test('with another channel left the namespace stays', async t => {
  const server = await serve(t);
  const client = await connect(t, `${server.url}/own`);
  await client.emit('holdline:subscribe', 'more');
  await ask(`${server.url}/channels/own`, { method: 'DELETE' });
  assert.deepEqual(await client.hears('holdline:closed'), [[{ channel: 'own' }]]);
  await publish_numbers(server, 'more', 1, 1);
  assert.deepEqual(await client.hears_up_to(1), [1]);
  await ask(`${server.url}/channels/more`, { method: 'DELETE' });
  await client.disconnected();
});

test('a closed channel is refused as a namespace until someone publishes again', async t => {
  const server = await serve(t);
  await publish_numbers(server, 'shut', 1, 1);
  await ask(`${server.url}/channels/shut`, { method: 'DELETE' });
  const error = await open(t, `${server.url}/shut`).refusal();
  assert.equal(error.data.status, 410);
  await publish_numbers(server, 'shut', 2, 2);
  await connect(t, `${server.url}/shut`);
});

test('history that was trimmed during a cut: not recovered, told as a gap, then all that is retained', async t => {
  for (const [transport, options] of Object.entries(TRANSPORTS)) {
    await t.test(transport, async t => {
      const { server, proxy } = await serve_behind_proxy(t, '--retain-messages', '5');
      const client = await connect(t, `${proxy.url}/short`, options);
      const { id } = client;
      const ids = await publish_numbers(server, 'short', 1, 3);
      await client.hears_up_to(3);
      proxy.refuses = true;
      proxy.cut();
      ids.push(...await publish_numbers(server, 'short', 4, 20));
      await client.disconnected();
      proxy.refuses = false;
      await client.hears_up_to(20);
      ids.push(...await publish_numbers(server, 'short', 21, 21));
      assert.deepEqual(await client.hears_up_to(21), [1, 2, 3, 16, 17, 18, 19, 20, 21]);
      assert.deepEqual([client.recoveries, client.id], [[false, false], id]);
      assert.deepEqual(client.heard[3], ['holdline:gap', { channel: 'short', after: ids[2], resumes: ids[14] }]);
      assert.equal(client.events('holdline:gap').length, 1);
    });
  }
});

test('after a gap the next cut is recovered again', async t => {
  const { server, proxy } = await serve_behind_proxy(t, '--retain-messages', '5');
  const client = await connect(t, `${proxy.url}/short`);
  const cut_while = async (first, last) => {
    const times = client.left.length + 1;
    proxy.refuses = true;
    proxy.cut();
    await publish_numbers(server, 'short', first, last);
    await until(() => client.left.length === times);
    proxy.refuses = false;
    await client.hears_up_to(last);
    await client.connected(times + 1);
  };
  await cut_while(1, 10);
  await cut_while(11, 13);
  assert.deepEqual([client.recoveries, client.numbers], [[false, false, true], range(6, 13)]);
});

test('the server restarted without its journal: a gap, then what there is', async t => {
  for (const [transport, options] of Object.entries(TRANSPORTS)) {
    await t.test(transport, async t => {
      const { server, proxy } = await serve_behind_proxy(t);
      const client = await connect(t, `${proxy.url}/gone`, options);
      await publish_numbers(server, 'gone', 1, 3);
      await client.hears_up_to(3);
      proxy.refuses = true;
      await server.kill();
      await client.disconnected();
      const next = await serve(t);
      proxy.target = next.address;
      await publish_numbers(next, 'gone', 4, 6);
      proxy.refuses = false;
      await client.hears_up_to(6);
      await publish_numbers(next, 'gone', 7, 7);
      assert.deepEqual(await client.hears_up_to(7), range(1, 7));
      assert.deepEqual(client.recoveries, [false, false]);
      assert.deepEqual(client.heard.map(([event]) => event), ['n', 'n', 'n', 'holdline:gap', 'n', 'n', 'n', 'n']);
    });
  }
});

test('DELETE /clients/ID disconnects that client, for good', async t => {
  const server = await serve(t);
  await by_all(t, async (t, io, options, tag) => {
    const [client, other] = [await connect(t, `${server.url}/${tag}`, options, io), await connect(t, `${server.url}/${tag}`, options, io)];
    assert.equal((await ask(`${server.url}/clients/${client.id}`, { method: 'DELETE' })).status, 204);
    await client.disconnected();
    assert.deepEqual(client.left, ['io server disconnect']);
    await publish_numbers(server, tag, 1, 1);
    assert.deepEqual(await other.hears_up_to(1), [1]);
  });
});

test('POST /clients/ID reaches that client alone, and names @client as its channel', async t => {
  const server = await serve(t);
  await by_all(t, async (t, io, options, tag) => {
    const [client, other] = [await connect(t, `${server.url}/${tag}`, options, io), await connect(t, `${server.url}/${tag}`, options, io)];
    const { status, json } = await post(`${server.url}/clients/${client.id}?event=n`, '1');
    assert.equal(status, 200);
    await client.hears_up_to(1);
    assert.deepEqual(client.events('n'), [['1', { channel: '@client' }, json.id]]);
    await publish_numbers(server, tag, 2, 2);
    assert.deepEqual(await other.hears_up_to(2), [2]);
  });
});
