// What becomes of header fields on the way: each is tried by what it brings about, in both directions.

/** Each gives `[state, sentence, fix]`; `it` is what was prepared: channel, ids of two messages, a poll's answer. */
const header_checks = [
  ['Host, Origin', it => it.refused
    ? ['bad', `The server refuses this page: ${it.refused}`, 'host']
    : ['good', 'The server takes this page for its own.']],
  ['Holdline-… of requests', it => it.messages[0]?.event === 'check'
    ? ['good', 'Holdline-Event arrives.'] : ['bad', 'Holdline-Event is dropped on the way.', 'fields']],
  ['Holdline-… of answers', it => it.answer.headers.get('Holdline-Client')
    ? ['good', 'Holdline-Client arrives.'] : ['bad', 'Holdline-Client is dropped on the way.', 'fields']],
  ['Last-Event-ID', async it => {
    const { messages } = await get_json(it.path, { headers: { 'Last-Event-ID': it.ids[0] } });
    return messages.length === 1 && messages[0].id === it.ids[1]
      ? ['good', 'Reading goes on behind it.'] : ['bad', 'It does not reach the server: an EventSource that comes back misses messages.', 'fields'];
  }],
  ['ETag', it => {
    const tag = it.answer.headers.get('ETag');
    if (tag === `"${it.next}"`) return ['good', 'It arrives unchanged.'];
    return tag ? ['slow', `It was changed to ${tag}: something transforms answers.`, 'transform'] : ['bad', 'It is dropped on the way.', 'fields'];
  }],
  ['If-None-Match', async it => {
    const { status } = await get(it.path, { wanted: [200, 304], headers: { 'If-None-Match': `"${it.next}"` } });
    return status === 304 ? ['good', 'Nothing new is a 304.'] : ['bad', `Nothing new is a ${status}: it does not reach the server.`, 'fields'];
  }],
  ['Prefer', async it => {
    const { headers } = await get(`${it.path}?since=${it.ids[0]}`, { headers: { Prefer: 'wait=1' } });
    return headers.get('Preference-Applied') ? ['good', 'wait=1 arrives.'] : ['slow', 'It does not arrive; ?wait= does the same.', 'fields'];
  }],
  ['Cache-Control', it => {
    const [value, age] = [it.answer.headers.get('Cache-Control') ?? '', it.answer.headers.get('Age')];
    if (age !== null) return ['bad', `An answer came out of a cache (Age: ${age}).`, 'cache'];
    return value.includes('no-store') ? ['good', 'no-store arrives, and no cache answered.'] : ['slow', `It was changed to "${value}".`, 'cache'];
  }],
  ['Content-Encoding', it => {
    const coding = it.answer.headers.get('Content-Encoding');
    return coding ? ['slow', `Answers are compressed on the way (${coding}); streams may be held back by it.`, 'transform'] : ['good', 'Nothing compresses answers on the way.'];
  }],
  ['WebSocket compression', it => it.socket
    ? ['good', it.socket.extensions.includes('permessage-deflate') ? 'permessage-deflate is agreed on.' : 'It is not agreed on; messages go plain.']
    : ['slow', 'Unknown: no WebSocket got through.']],
  ['HTTP version', it => {
    const { protocol } = it;
    if (!protocol) return ['good', 'The browser does not tell.'];
    return /^h[23]/.test(protocol)
      ? ['good', `${protocol}: streams share one connection.`]
      : ['good', `${protocol}: a browser opens six connections to an origin, and each stream takes one.`];
  }],
  ['Via, Server', it => {
    const said = ['Via', 'Server', 'X-Served-By', 'CF-Ray'].map(name => [name, it.answer.headers.get(name)]).filter(([, value]) => value);
    return ['good', said.length ? said.map(pair => pair.join(': ')).join(', ') : 'Nothing on the way gives its name.'];
  }],
];

/** Publishes two messages and polls them, for the checks to look at. */
async function prepare_headers(socket) {
  const path = channel_path(`holdline-check/${random().slice(0, 12)}`);
  const { next } = await get_json(path);
  const it = { path, socket, ids: [], messages: [] };
  try {
    for (const text of ['one', 'two']) {
      it.ids.push((await post(`${path}?retain=0`, text, { headers: { 'Holdline-Event': 'check' } })).id);
    }
  } catch ({ detail }) {
    it.refused = detail;
  }
  const target = `${path}?since=${next}`;
  it.answer = await get(target);
  Object.assign(it, await it.answer.json());
  it.protocol = performance.getEntriesByName(new URL(target, location).href).at(-1)?.nextHopProtocol;
  return it;
}

/** Every check, one row each. */
async function check_headers(socket) {
  const it = await prepare_headers(socket);
  const rows = [];
  for (const [name, check] of header_checks) {
    if (it.refused && name !== 'Host, Origin') continue;
    const [state, text, fix] = await Promise.resolve(it).then(check).catch(({ detail }) => ['slow', `Not known: ${detail}.`]);
    rows.push({ name, state, text, fix });
  }
  return { rows, server: it.answer.headers.get('Server') ?? '' };
}
