const path = '/channels/demo';
const rows_max = 200, backoff_min_ms = 400, backoff_max_ms = 10000, poll_ms = 1500, wait_s = 25, answer_ms = 15000;
const watch_ms = 2000, silence_max_ms = 40000; // more than two heartbeats, as they are by default
const element = id => document.getElementById(id);
const random = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('');
const seconds = ms => `${(ms / 1000).toFixed(1)} s`;
const clock = new Intl.DateTimeFormat(undefined,
  { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hourCycle: 'h23' });

/** `on`, `cut` by the button, or `away`: another tab of this page holds the connections. */
let mode = 'on', summary;

const notices = {
  gap: n => `Gap: what came after ${n.after}, up to ${n.resumes}, is lost`,
  closed: () => 'The channel was deleted',
  shutdown: () => 'The server is going down',
};

/** One way of listening. Its `open(link)` begins to listen and gives a function that ends it. */
class Pane {
  constructor({ name, how, group, is_held, open }) {
    Object.assign(this, { open, is_held, cursor: '', session: random(), tries: 0, count: 0 });
    const part = element('pane').content.cloneNode(true);
    this.box = part.querySelector('section');
    this.list = part.querySelector('ol');
    part.querySelector('.name').textContent = name;
    part.querySelector('.how').textContent = how;
    this.box.setAttribute('aria-label', name);
    this.list.setAttribute('aria-label', `Received by ${name}`);
    this.box.id = name.toLowerCase().replaceAll(' ', '-');
    element(group).append(part);
    this.show('off', 'off');
  }

  start() {
    this.stop();
    this.show('connecting', 'connecting');
    this.link = new Link(this);
    this.close = this.open(this.link);
  }

  /** Ends what is open; what still comes from it is not heard. */
  stop(why = 'off') {
    clearTimeout(this.timer);
    this.link = null;
    this.close?.();
    this.close = null;
    this.show('off', why);
  }

  show(state, text) {
    this.box.dataset.state = state;
    this.box.querySelector('.state').textContent = text;
    this.box.querySelector('.count').textContent = this.count || '';
    summarize();
  }

  add(kind, meta, data, event) {
    const row = document.createElement('li');
    const put = (parent, tag, name, text) => {
      const made = parent.appendChild(document.createElement(tag));
      made.className = name;
      made.textContent = text;
      return made;
    };
    const line = put(row, 'div', 'meta', '');
    put(line, 'time', '', clock.format(new Date()));
    if (meta) put(line, 'code', 'id', meta);
    const text = put(row, 'div', 'data', '');
    if (event) put(text, 'span', 'event', event);
    put(text, 'span', 'text', data);
    row.className = kind;
    this.list.prepend(row);
    while (this.list.childElementCount > rows_max) this.list.lastChild.remove();
  }
}

/** What a transport tells its pane. Once the pane has gone on to another link, nothing is told any more. */
class Link {
  constructor(pane) { this.pane = pane; }
  get is_on() { return this.pane.link === this; }

  url(extra) {
    return `${path}?${new URLSearchParams({ ...extra, since: this.pane.cursor, session: this.pane.session })}`;
  }

  live(cursor) {
    if (!this.is_on) return;
    this.pane.tries = 0;
    if (cursor) this.pane.cursor = cursor;
    this.pane.show('live', 'listening');
  }

  /** A message or a notice, as every transport has them. */
  envelope(it) {
    if (!this.is_on) return;
    if (it.notice === 'position') return this.live(it.cursor);
    if (it.notice) {
      if (it.reconnect_ms) this.pane.delay_ms = it.reconnect_ms;
      this.pane.add('notice', '', (notices[it.notice] ?? JSON.stringify)(it));
      if (it.resumes) this.live(it.resumes);
      return;
    }
    const { id, event, data, data_base64: binary } = it;
    this.pane.count += 1;
    this.pane.add('message', id, typeof data === 'string' ? data : data === undefined ? `base64 ${binary}` : JSON.stringify(data), event);
    this.live(id);
    if (event) learn(event, id);
  }

  batch(batch) {
    if (batch.error) return this.fail(batch.error.detail);
    for (const it of [...batch.notices, ...batch.messages]) this.envelope(it);
    this.live(batch.next);
  }

  /** It broke: again after a while, longer each time, spread so that many pages do not come back as one. */
  fail(why) {
    if (!this.is_on) return;
    const { pane } = this;
    const longest = Math.min(backoff_max_ms, backoff_min_ms * 2 ** pane.tries);
    const delay = pane.delay_ms ?? longest * (0.5 + Math.random() / 2);
    pane.tries += 1;
    pane.delay_ms = undefined;
    pane.stop();
    pane.show('waiting', `${why}; again in ${seconds(delay)}`);
    pane.timer = setTimeout(() => pane.start(), delay);
  }
}

function websocket(link) {
  const socket = new WebSocket(location.origin.replace('http', 'ws') + link.url());
  socket.onmessage = ({ data }) => {
    const it = JSON.parse(data);
    if (it.type === 'welcome') link.live(it.since);
    else if (it.type === 'message' || it.type === 'notice') link.envelope(it);
    if (it.notice === 'closed') link.fail('no subscription left');
  };
  socket.onclose = ({ code }) => link.fail(code === 1006 ? 'no connection' : `closed with ${code}`);
  return () => socket.close();
}

function sse(link) {
  const source = new EventSource(link.url({ transport: 'sse', envelope: 1 }));
  const heard = ({ data }) => link.envelope(JSON.parse(data));
  source.onmessage = heard;
  for (const name of names) source.addEventListener(name, heard);
  for (const name in notices) source.addEventListener(`holdline:${name}`, heard);
  source.addEventListener('holdline:position', ({ lastEventId }) => link.live(lastEventId));
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) link.fail('refused');
    else if (link.is_on) link.pane.show('waiting', 'no connection; the browser tries again');
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

async function get(url, signal) {
  const answer = await fetch(url, { signal, cache: 'no-store' });
  if (answer.status !== 200) throw await answer.json().catch(() => ({ detail: `answered ${answer.status}` }));
  return answer;
}

const ndjson = link => abortable(link, async signal => {
  const { body } = await get(link.url({ transport: 'ndjson' }), signal);
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ''; ;) {
    const { value, done } = await reader.read();
    if (done) throw { detail: 'the stream ended' };
    const lines = (rest + value).split('\n');
    rest = lines.pop();
    for (const line of lines) link.envelope(JSON.parse(line));
  }
});

const pause = ms => new Promise(resolve => setTimeout(resolve, ms));

/** The first poll of a link is not held, so that one knows at once whether there is a connection. */
const polling = wait => link => abortable(link, async signal => {
  for (let extra = { transport: 'poll' }; link.is_on; extra = wait ? { wait } : extra) {
    const late = AbortSignal.timeout(answer_ms + (extra.wait ?? 0) * 1000);
    const batch = await (await get(link.url(extra), AbortSignal.any([signal, late]))).json();
    link.batch(batch);
    if (!wait && !batch.more) await pause(poll_ms);
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
      link.batch(batch);
      timer = setTimeout(ask, batch.more ? 0 : poll_ms);
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
    if (data.notice !== 'reload') return link.envelope(data);
    link.live(data.since);
    link.pane.start();
  };
  addEventListener('message', heard);
  frame.onload = () => setTimeout(() => link.fail('the page ended'), 100); // its last posts may come after its end
  // No browser tells that such a page broke off, or never came (204); it only posts no longer, not even heartbeats.
  const watch = setInterval(() => {
    silent_ms += watch_ms;
    if (silent_ms >= (link.pane.box.dataset.state === 'live' ? silence_max_ms : answer_ms)) link.fail('silence');
  }, watch_ms);
  Object.assign(frame, { hidden: true, title: 'holdline', src: link.url({ transport: 'iframe', origin: location.origin }) });
  document.body.append(frame);
  return () => { clearInterval(watch); removeEventListener('message', heard); frame.remove(); };
}

// HTTP/1.1 browsers open six connections to an origin: four are held here, two are left for polls and publishing.
const panes = [];
for (const kind of [
  { name: 'WebSocket', how: 'new WebSocket(…)', group: 'streams', open: websocket },
  { name: 'EventSource', how: 'new EventSource(…)', group: 'streams', is_held: true, open: sse },
  { name: 'Fetch stream', how: 'fetch, a line of JSON for each message', group: 'streams', is_held: true, open: ndjson },
  { name: 'Hidden iframe', how: 'a page that never ends', group: 'streams', is_held: true, open: iframe },
  { name: 'Long poll', how: `fetch, held up to ${wait_s} s`, group: 'polls', is_held: true, open: long_poll },
  { name: 'Short poll', how: `fetch, every ${seconds(poll_ms)}`, group: 'polls', open: short_poll },
  { name: 'JSONP', how: `a script element, every ${seconds(poll_ms)}`, group: 'polls', open: jsonp },
]) panes.push(new Pane(kind));

function summarize() {
  clearTimeout(summary);
  summary = setTimeout(() => {
    const live = panes.filter(pane => pane.box.dataset.state === 'live').length;
    element('summary').textContent = `${live} of ${panes.length} listening${mode === 'away' ? ', the others in another tab' : ''}`;
    element('switch').textContent = { on: 'Cut all', cut: 'Resume', away: 'Listen here' }[mode];
  }, 150);
}

// Two tabs would need eight connections, and wait for each other: the last one that was looked at has them.
const tabs = new BroadcastChannel('holdline');
tabs.onmessage = () => {
  if (mode !== 'on') return;
  mode = 'away';
  for (const pane of panes) if (pane.is_held) pane.stop('another tab listens');
};
function listen() {
  mode = 'on';
  tabs.postMessage('mine');
  for (const pane of panes) if (!pane.link) pane.start();
}
addEventListener('focus', () => { if (mode === 'away') listen(); });
addEventListener('pageshow', ({ persisted }) => { if (persisted) location.reload(); });
element('switch').onclick = () => {
  if (mode !== 'on') return listen();
  mode = 'cut';
  for (const pane of panes) pane.stop('cut');
};

element('curl').textContent = `curl -d hello ${location.origin}${path}`;
element('copy').onclick = async ({ target }) => {
  try {
    await navigator.clipboard.writeText(element('curl').textContent);
    target.textContent = 'Copied';
  } catch {
    getSelection().selectAllChildren(element('curl'));
    target.textContent = 'Selected';
  }
  setTimeout(() => { target.textContent = 'Copy'; }, 2000);
};

document.forms[0].onsubmit = async event => {
  event.preventDefault();
  const result = element('result');
  try {
    const answer = await fetch(path, { method: 'POST', body: element('text').value, signal: AbortSignal.timeout(answer_ms) });
    const said = await answer.json();
    result.textContent = answer.ok ? `Published ${said.id} to ${said.subscribers} listening` : `Not published: ${said.detail}`;
  } catch {
    result.textContent = 'Not published: no connection';
  }
  element('text').select();
};

// All begin at one position, so that what is published while they connect arrives in each of them or in none.
(async () => {
  const { next } = await (await get(path, AbortSignal.timeout(answer_ms))).json();
  for (const pane of panes) pane.cursor = next;
})().catch(() => {}).finally(listen);
