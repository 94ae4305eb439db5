// Bytes both ways: alone, in the middle of values, several; and what other transports make of them.
import assert from 'node:assert/strict';
import test from 'node:test';
import { by_all, connect, TRANSPORTS } from '../support/clients.mjs';
import { ask, post, retained, serve } from '../support/holdline.mjs';

const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
const base64 = bytes => ({ $base64: bytes.toString('base64') });
const octets = { 'content-type': 'application/octet-stream' };

test('a Buffer, an ArrayBuffer and a typed array arrive as Buffers', async t => {
  const server = await serve(t);
  await by_all(t, async (t, io, options, tag) => {
    const url = `${server.url}/alone/${tag}`;
    const [speaker, listener] = [await connect(t, url, options, io), await connect(t, url, options, io)];
    const { buffer } = new Uint8Array(ALL_BYTES);
    for (const bytes of [ALL_BYTES, buffer, new Uint8Array(buffer), Buffer.alloc(0), Buffer.from([0x1e])]) speaker.socket.emit('bytes', bytes);
    const heard = await listener.hears('bytes', 5);
    const wanted = [ALL_BYTES, ALL_BYTES, ALL_BYTES, Buffer.alloc(0), Buffer.from([0x1e])];
    assert.deepEqual(heard.map(([bytes]) => bytes), wanted);
  });
});

test('Buffers stand anywhere in several arguments', async t => {
  const server = await serve(t);
  await by_all(t, async (t, io, options, tag) => {
    const url = `${server.url}/nested/${tag}`;
    const [speaker, listener] = [await connect(t, url, options, io), await connect(t, url, options, io)];
    const said = [
      { picture: ALL_BYTES, name: 'x', parts: [Buffer.from('a'), [Buffer.from('b'), 'c']] }, Buffer.from('alone'), 'text',
      [{ deep: { deeper: [Buffer.from('d')] } }],
    ];
    speaker.socket.emit('nested', ...said);
    speaker.socket.emit('one', said[0]);
    speaker.socket.emit('after', 'text');
    await listener.hears('after');
    assert.deepEqual(listener.heard.map(heard => heard.slice(0, -1)), [['nested', ...said], ['one', said[0]], ['after', 'text']]);
  });
});

test('many binary events among textual ones keep their order', async t => {
  const server = await serve(t);
  for (const [transport, options] of Object.entries(TRANSPORTS)) {
    await t.test(transport, async t => {
      const url = `${server.url}/mixed/${transport}`;
      const [speaker, listener] = [await connect(t, url, options), await connect(t, url, options)];
      for (let n = 0; n < 60; n += 1) speaker.socket.emit('n', n, n % 3 ? Buffer.from([n]) : { n: [Buffer.from([n]), Buffer.from([n])] });
      const heard = await listener.hears('n', 60);
      assert.deepEqual(heard.map(([n]) => n), [...Array(60).keys()]);
      assert.deepEqual(heard.map(([n, what]) => (n % 3 ? what[0] : what.n[1][0])), [...Array(60).keys()]);
    });
  }
});

test('an ack comes for a binary event too', async t => {
  const server = await serve(t);
  for (const [transport, options] of Object.entries(TRANSPORTS)) {
    const client = await connect(t, `${server.url}/acked-bytes`, options);
    assert.match((await client.emit('bytes', ALL_BYTES, { more: ALL_BYTES }))[0].id, /^\d+-\d+$/, transport);
  }
});

test('others see a Buffer alone as a binary payload, and one inside a value as $base64', async t => {
  const server = await serve(t);
  const speaker = await connect(t, `${server.url}/others`);
  await speaker.emit('alone', ALL_BYTES);
  await speaker.emit('inside', { picture: ALL_BYTES, list: [1, Buffer.from('b')] });
  await speaker.emit('several', ALL_BYTES, 1);
  const [alone, inside, several] = await retained(server, 'others');
  assert.deepEqual([alone.data, alone.data_base64], [undefined, ALL_BYTES.toString('base64')]);
  assert.deepEqual(inside.data, { picture: base64(ALL_BYTES), list: [1, base64(Buffer.from('b'))] });
  assert.deepEqual(several.data, [base64(ALL_BYTES), 1]);
});

test('what others publish as bytes, or with $base64 in it, comes as Buffers', async t => {
  const server = await serve(t);
  for (const [transport, options] of Object.entries(TRANSPORTS)) {
    await t.test(transport, async t => {
      const channel = `published/${transport}`;
      const client = await connect(t, `${server.url}/${channel}`, options);
      const url = `${server.url}/channels/${channel}`;
      assert.equal((await post(`${url}?event=alone`, ALL_BYTES, octets)).status, 200);
      const json = { 'content-type': 'application/json' };
      assert.equal((await post(`${url}?event=inside`, JSON.stringify({ a: [base64(ALL_BYTES), 1] }), json)).status, 200);
      // None is the form of bytes: they stay what they are.
      const others = [{ $base64: 'not base64!' }, { $base64: 'QQ==', more: 1 }, { _placeholder: true, num: 0 }];
      assert.equal((await post(`${url}?event=others`, JSON.stringify(others), json)).status, 200);
      // What clients would take for the place of an attachment must not stand in a packet that has any.
      const forged = { a: base64(ALL_BYTES), b: { _placeholder: true, num: 7 } };
      assert.equal((await post(`${url}?event=forged`, JSON.stringify(forged), json)).status, 200);
      await client.hears('forged');
      assert.deepEqual(client.heard.map(said => said.slice(0, -1)), [
        ['alone', ALL_BYTES], ['inside', { a: [ALL_BYTES, 1] }], ['others', others], ['forged', forged],
      ]);
    });
  }
});

test('a megabyte goes through, in one piece', async t => {
  const server = await serve(t, '--max-message', '4M');
  for (const [transport, options] of Object.entries(TRANSPORTS)) {
    const url = `${server.url}/large/${transport}`;
    const [speaker, listener] = [await connect(t, url, options), await connect(t, url, options)];
    const bytes = Buffer.alloc(1 << 20, ALL_BYTES);
    speaker.socket.emit('bytes', bytes);
    const [[heard]] = await listener.hears('bytes');
    assert.ok(bytes.equals(heard), transport);
  }
  assert.equal((await ask(`${server.url}/livez`)).status, 200);
});
