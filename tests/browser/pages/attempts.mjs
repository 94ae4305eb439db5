// What a page may try on a holdline at `url`. This function runs in the page: it must stand alone.
export async function attempts(url) {
  const channel = `${url}/channels/demo`;
  const within = (ms, begin) => Promise.race([
    new Promise(begin).catch(error => `failed: ${error}`),
    new Promise(resolve => setTimeout(() => resolve('silence'), ms)),
  ]);
  const add = (tag, fields) => document.body.appendChild(Object.assign(document.createElement(tag), fields));

  const publish = mode => fetch(channel, { method: 'POST', mode, body: `by ${mode}` })
    .then(answer => answer.type === 'opaque' ? 'unseen' : `answered ${answer.status}`, () => 'refused');
  const by_form = () => within(3000, resolve => {
    const frame = add('iframe', { name: 'sink' });
    const form = add('form', { method: 'POST', action: channel, enctype: 'text/plain', target: frame.name });
    form.append(Object.assign(document.createElement('input'), { name: 'by form' }));
    frame.onload = () => resolve('sent'); // only now: the empty page has been loaded before
    form.submit();
  });
  const websocket = () => within(3000, resolve => {
    const socket = new WebSocket(channel.replace('http', 'ws'));
    socket.onmessage = ({ data }) => { socket.close(); resolve(JSON.parse(data).type); };
    socket.onerror = () => resolve('refused');
  });
  const raw = () => within(3000, resolve => {
    const socket = new WebSocket(`${channel.replace('http', 'ws')}?since=start`, 'holdline.raw');
    socket.onmessage = ({ data }) => { socket.close(); resolve(data); };
    socket.onerror = () => resolve('refused');
  });
  const jsonp = () => within(3000, resolve => {
    window.heard = batch => resolve(batch.error ? `refused ${batch.error.status}` : `read ${batch.messages.length}`);
    add('script', { src: `${channel}?since=start&callback=heard`, onerror: () => resolve('not loaded') });
  });
  const iframe = origin => within(2000, resolve => {
    const frame = add('iframe', { src: `${channel}?transport=iframe&since=start&origin=${encodeURIComponent(origin)}` });
    addEventListener('message', ({ source, data }) => {
      if (source === frame.contentWindow) resolve(`posted ${data.notice ?? 'a message'}`);
    });
  });
  const read = () => fetch(`${channel}?since=start`).then(async answer => `read ${(await answer.json()).messages.length}`, () => 'refused');
  const event_source = () => within(3000, resolve => {
    const source = new EventSource(`${channel}?since=start`);
    source.onmessage = ({ data }) => { source.close(); resolve(`heard ${data}`); };
    source.onerror = () => { source.close(); resolve('refused'); };
  });

  const ndjson = () => fetch(`${channel}?since=start&transport=ndjson`).then(async ({ body }) => {
    const { value } = await body.getReader().read();
    return `begins with ${JSON.parse(new TextDecoder().decode(value).split('\n')[0]).notice}`;
  }, () => 'refused');
  // Of all fields of an answer a page of another origin sees those that are named for it.
  const fields = () => fetch(`${channel}?since=start`).then(({ headers }) => [...headers.keys()].sort().join(' '), () => 'refused');
  const conditional = () => fetch(channel).then(async answer => {
    const again = await fetch(channel, { headers: { 'If-None-Match': answer.headers.get('etag') }, cache: 'no-store' });
    return `answered ${again.status}`;
  }).catch(() => 'refused');
  const missing = () => fetch(`${url}/nothing-here`)
    .then(answer => `answered ${answer.status} ${answer.headers.get('content-type')}`, () => 'refused');

  // holdline.js by a plain script element, which anybody may load.
  const client = () => within(2500, resolve => {
    add('script', { src: `${url}/holdline.js`, onerror: () => resolve('not loaded'), onload: () => {
      const line = holdline.connect(url, { channels: ['demo'], since: 'start' });
      line.on('message', ({ data }) => { line.close(); resolve(`heard ${data}`); });
    } });
  });

  return {
    publish: await publish('cors'),
    publish_unseen: await publish('no-cors'),
    publish_by_form: await by_form(),
    websocket: await websocket(),
    raw: await raw(),
    jsonp: await jsonp(),
    iframe: await iframe(location.origin),
    iframe_as_own: await iframe(url),
    fetch: await read(),
    ndjson: await ndjson(),
    event_source: await event_source(),
    client: await client(),
    fields: await fields(),
    conditional: await conditional(),
    missing: await missing(),
  };
}
