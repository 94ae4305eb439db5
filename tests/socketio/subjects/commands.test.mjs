// More than one channel on one namespace, and who is there: events that begin with `holdline:` are for the server.
import assert from 'node:assert/strict';
import test from 'node:test';
import { by_all, connect, settled, TRANSPORTS } from '../support/clients.mjs';
import { publish_numbers, range, retained, serve, serve_behind_proxy } from '../support/holdline.mjs';

const CURSOR = /^\d+-\d+$/;

test('subscribe adds channels, whose messages name their channel', async t => {
  const server = await serve(t);
  await by_all(t, async (t, io, options, tag) => {
    const [own, one, two] = [`own/${tag}`, `one/${tag}`, `two/${tag}`];
    const client = await connect(t, `${server.url}/${own}`, options, io);
    const [told, ...rest] = await client.emit('holdline:subscribe', [one, two]);
    assert.match(told.since, CURSOR);
    assert.deepEqual([told.channels, rest], [[one, two], []]);
    const ids = [];
    for (const [i, channel] of [one, two, own, one].entries()) ids.push(...await publish_numbers(server, channel, i, i));
    await client.hears_up_to(3);
    assert.deepEqual(client.events('n'), [
      ['0', { channel: one }, ids[0]], ['1', { channel: two }, ids[1]], ['2', ids[2]], ['3', { channel: one }, ids[3]],
    ]);
  });
});

test('subscribe takes one name, a list, or an object, and a place to begin', async t => {
  const server = await serve(t);
  const ids = [null, ...await publish_numbers(server, 'old', 1, 5)];
  const forms = [
    [['holdline:subscribe', 'old', ids[1]], range(2, 5)],
    [['holdline:subscribe', ['old'], ids[3]], [4, 5]],
    [['holdline:subscribe', { channels: ['old'], since: ids[4] }], [5]],
    [['holdline:subscribe', { channels: 'old', since: ids[2] }], [3, 4, 5]],
  ];
  for (const [said, wanted] of forms) {
    const client = await connect(t, `${server.url}/fresh`);
    const [told] = await client.emit(...said);
    assert.deepEqual(told.channels, ['old'], JSON.stringify([said, told]));
    assert.deepEqual(await client.hears_up_to(5), wanted);
    client.socket.disconnect();
  }
});

test('unsubscribe takes channels away, and the others stay', async t => {
  const server = await serve(t);
  const client = await connect(t, `${server.url}/own`);
  await client.emit('holdline:subscribe', ['one', 'two']);
  const [told] = await client.emit('holdline:unsubscribe', 'one');
  assert.deepEqual(told, { channels: ['one'] });
  await publish_numbers(server, 'one', 1, 1);
  await publish_numbers(server, 'two', 2, 2);
  await publish_numbers(server, 'own', 3, 3);
  assert.deepEqual(await client.hears_up_to(3), [2, 3]);
});

test('presence tells who is in a channel, the own one by default', async t => {
  const server = await serve(t);
  const ann = await connect(t, `${server.url}/room`, { auth: { name: 'Ann' } });
  const bob = await connect(t, `${server.url}/room`, { auth: { name: 'Bob' }, transports: ['polling'] });
  const [told] = await ann.emit('holdline:presence');
  assert.deepEqual([told.channel, told.count], ['room', 2]);
  assert.deepEqual(told.clients.map(({ id, name }) => [id, name]).sort(), [[ann.id, 'Ann'], [bob.id, 'Bob']].sort());
  const [elsewhere] = await ann.emit('holdline:presence', 'nobody/here');
  assert.deepEqual([elsewhere.channel, elsewhere.count, elsewhere.clients], ['nobody/here', 0, []]);
});

test('a command that is wrong is refused by its ack, and nothing of it is done', async t => {
  const server = await serve(t);
  const client = await connect(t, `${server.url}/own`);
  const wrong = [
    ['holdline:subscribe'], ['holdline:subscribe', 5], ['holdline:subscribe', ['fine', 'not//fine']], ['holdline:subscribe', []],
    ['holdline:subscribe', 'fine', 'yesterday'], ['holdline:unsubscribe'], ['holdline:presence', 'not//fine'], ['holdline:nothing'],
  ];
  for (const said of wrong) {
    const [{ error }] = await client.emit(...said);
    assert.deepEqual([error?.status, typeof error?.detail], [400, 'string'], JSON.stringify(said));
  }
  client.socket.emit('holdline:nothing');
  await publish_numbers(server, 'fine', 1, 1);
  await settled(server, 'own', client);
  assert.deepEqual(client.numbers, []);
  assert.deepEqual(await retained(server, 'own'), []);
  assert.deepEqual(client.left, []);
});

test('no channels are too many for one connection but those over the limit', async t => {
  const server = await serve(t, '--max-subscriptions', '3');
  const client = await connect(t, `${server.url}/own`);
  assert.equal((await client.emit('holdline:subscribe', ['a', 'b']))[0].channels.length, 2);
  assert.equal((await client.emit('holdline:subscribe', ['c']))[0].error.status, 429);
  assert.deepEqual(client.left, []);
});

test('what was subscribed is back after recovery', async t => {
  for (const [transport, options] of Object.entries(TRANSPORTS)) {
    await t.test(transport, async t => {
      const { server, proxy } = await serve_behind_proxy(t);
      const client = await connect(t, `${proxy.url}/own`, options);
      const { id } = client;
      await client.emit('holdline:subscribe', ['one', 'two']);
      await client.emit('holdline:unsubscribe', ['two']);
      await publish_numbers(server, 'one', 1, 2);
      await client.hears_up_to(2);
      proxy.refuses = true;
      proxy.cut();
      await publish_numbers(server, 'one', 3, 4);
      await publish_numbers(server, 'two', 99, 99);
      await publish_numbers(server, 'own', 5, 6);
      await client.disconnected();
      proxy.refuses = false;
      await client.connected(2);
      await publish_numbers(server, 'one', 7, 7);
      assert.deepEqual(await client.hears_up_to(7), range(1, 7));
      assert.deepEqual([client.recoveries, client.id], [[false, true], id]);
    });
  }
});
