// The seven ways of listening. Each begins with `open(link)`, tells the link what comes, and gives a function that ends it.

const wait_s = 25;
const watch_ms = 2000, silence_max_ms = 40000; // more than two heartbeats, as they are by default

function websocket(link) {
  const socket = new WebSocket(location.origin.replace('http', 'ws') + link.url());
  socket.onopen = () => link.opened?.(socket);
  socket.onmessage = ({ data }) => {
    const it = JSON.parse(data);
    link.heard(size_of(data));
    if (it.type === 'welcome') link.live(it.since);
    else if (it.type === 'message' || it.type === 'notice') link.envelope(it);
    if (it.notice === 'closed') link.fail('no subscription left');
  };
  socket.onclose = ({ code }) => link.fail(code === 1006 ? 'no connection' : `closed with ${code}`);
  return () => socket.close();
}

function sse(link) {
  const source = new EventSource(link.url({ transport: 'sse', envelope: 1 }));
  const heard = ({ data }) => {
    link.heard(size_of(data));
    link.envelope(JSON.parse(data));
  };
  source.onmessage = heard;
  for (const name of names) source.addEventListener(name, heard);
  for (const name in notices) source.addEventListener(`holdline:${name}`, heard);
  source.addEventListener('holdline:position', ({ lastEventId, data }) => {
    link.heard(size_of(data));
    link.live(lastEventId);
  });
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) link.fail('refused');
    else link.waits('no connection; the browser tries again');
  };
  return () => source.close();
}

/** An EventSource hears only the names that it was told: when another pane hears a new one, it begins anew there. */
const names = new Set();
function learn(name, id) {
  if (names.has(name)) return;
  names.add(name);
  const pane = panes.find(pane => pane.open === sse);
  const at = id => id.split('-').map(BigInt);
  const [[ms, seq], [own_ms, own_seq]] = [at(id), at(pane.cursor || '0-0')];
  if (pane.link && (own_ms < ms || (own_ms === ms && own_seq < seq))) pane.start();
}

/** Runs `work` with a signal that ends it; whatever goes wrong is a break. */
function abortable(link, work) {
  const abort = new AbortController();
  work(abort.signal).catch(error => link.fail(error.detail ?? 'no connection'));
  return () => abort.abort();
}

const ndjson = link => abortable(link, async signal => {
  const answer = await get(link.url({ transport: 'ndjson' }), { signal });
  link.opened?.(answer);
  const reader = answer.body.getReader();
  const decoder = new TextDecoder();
  for (let rest = ''; ;) {
    const { value, done } = await reader.read();
    if (done) throw { detail: 'the stream ended' };
    link.heard(value.byteLength);
    const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
    rest = lines.pop();
    for (const line of lines) link.envelope(JSON.parse(line));
  }
});

/** The first poll of a link is not held, so that one knows at once whether there is a connection. */
const polling = wait => link => abortable(link, async signal => {
  for (let extra = { transport: 'poll' }; link.is_on; extra = wait ? { wait } : extra) {
    const late = AbortSignal.timeout(answer_ms + (extra.wait ?? 0) * 1000);
    const text = await (await get(link.url(extra), { signal: AbortSignal.any([signal, late]) })).text();
    link.heard(size_of(text));
    const batch = JSON.parse(text);
    link.batch(batch);
    if (!wait && !batch.more) await pause(link.poll_ms);
  }
});
const long_poll = polling(wait_s), short_poll = polling(0);

let scripts = 0;
window.holdline = {};
function jsonp(link) {
  let script, timer;
  const name = `c${scripts += 1}`;
  const ask = () => {
    script?.remove();
    if (!link.is_on) return;
    let batch = { error: { detail: 'no answer' } };
    holdline[name] = answer => { batch = answer; };
    script = document.createElement('script');
    script.onerror = () => link.fail('no connection');
    script.onload = () => {
      link.heard(size_of(JSON.stringify(batch)));
      link.batch(batch);
      timer = setTimeout(ask, batch.more ? 0 : link.poll_ms);
    };
    script.src = link.url({ callback: `holdline.${name}` });
    document.head.append(script);
  };
  timer = setTimeout(ask);
  return () => { clearTimeout(timer); script?.remove(); holdline[name] = () => {}; };
}

function iframe(link) {
  const frame = document.createElement('iframe');
  let silent_ms = 0;
  const heard = ({ source, origin, data }) => {
    if (!link.is_on || source !== frame.contentWindow || origin !== location.origin) return;
    silent_ms = 0;
    link.heard(size_of(JSON.stringify(data)));
    if (data.notice !== 'reload') return link.envelope(data);
    link.live(data.since);
    link.again();
  };
  addEventListener('message', heard);
  frame.onload = () => setTimeout(() => link.fail('the page ended'), 100); // its last posts may come after its end
  // No browser tells that such a page broke off, or never came (204); it only posts no longer, not even heartbeats.
  const watch = setInterval(() => {
    silent_ms += watch_ms;
    if (silent_ms >= (link.is_live ? silence_max_ms : answer_ms)) link.fail('silence');
  }, watch_ms);
  Object.assign(frame, { hidden: true, title: 'holdline', src: link.url({ transport: 'iframe', origin: location.origin }) });
  document.body.append(frame);
  return () => { clearInterval(watch); removeEventListener('message', heard); frame.remove(); };
}
