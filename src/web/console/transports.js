// Transports: the channel `demo` through all of them side by side. HTTP/1.1 browsers open six connections to an origin:
// four are held here while the tab is shown, two are left for polls and publishing; a WebSocket counts apart.

const panes = [];
/** `on`; `away`: another page of the console holds the connections; `hidden`: another tab is shown. */
let mode = 'hidden', summary;
const are_all_cut = () => panes.every(pane => pane.is_cut);

function make_panes() {
  for (const kind of [
    { name: 'WebSocket', how: 'new WebSocket(…)', group: 'streams', open: websocket },
    { name: 'EventSource', how: 'new EventSource(…)', group: 'streams', is_held: true, open: sse },
    { name: 'Fetch stream', how: 'fetch, a line of JSON for each message', group: 'streams', is_held: true, open: ndjson },
    { name: 'Hidden iframe', how: 'a page that never ends', group: 'streams', is_held: true, open: iframe },
    { name: 'Long poll', how: `fetch, held up to ${wait_s} s`, group: 'polls', is_held: true, open: long_poll },
    { name: 'Short poll', how: 'fetch, every 1.5 s', group: 'polls', open: short_poll },
    { name: 'JSONP', how: 'a script element, every 1.5 s', group: 'polls', open: jsonp },
  ]) panes.push(new Pane(kind));
}

function summarize() {
  clearTimeout(summary);
  summary = setTimeout(() => {
    const live = panes.filter(pane => pane.box.dataset.state === 'live').length;
    put(element('summary'), `${live} of ${panes.length} listening${mode === 'away' ? ', the others on another page' : ''}`);
    put(element('switch'), mode === 'away' ? 'Listen here' : are_all_cut() ? 'Resume all' : 'Cut all');
  }, 150);
}

// Two pages would need eight connections, and wait for each other: the last one that was looked at has them.
const pages = new BroadcastChannel('holdline');
const claim = () => pages.postMessage('mine');
pages.onmessage = () => {
  if (mode !== 'on') return;
  mode = 'away';
  for (const pane of panes) if (pane.is_held) pane.stop('another page listens');
};

function listen() {
  mode = 'on';
  claim();
  for (const pane of panes) if (!pane.link && !pane.is_cut) pane.start();
}

element('switch').onclick = () => {
  const is_cut = mode === 'on' && !are_all_cut();
  for (const pane of panes) pane.is_cut = is_cut;
  if (!is_cut) return listen();
  for (const pane of panes) pane.stop('cut');
};
addEventListener('focus', () => { if (mode === 'away') listen(); });
addEventListener('pageshow', ({ persisted }) => { if (persisted) location.reload(); });

/** All begin at one position, so that what is published while they connect arrives in each of them or in none. */
async function begin_together() {
  const { next } = await get_json('/channels/demo').catch(() => ({ next: '' }));
  for (const pane of panes) pane.cursor ||= next;
}

tab('transports', {
  async show() {
    if (!panes.length) {
      make_panes();
      await begin_together();
    }
    if (shown_tab === 'transports') listen();
  },
  hide() {
    mode = 'hidden';
    repeat(false);
    for (const pane of panes) if (!pane.is_cut) pane.stop('another tab is shown');
  },
});

element('curl').textContent = `curl -d hello ${location.origin}/channels/demo`;
copies(element('copy'), () => element('curl').textContent, element('curl'));

/** What is published by the clock says nothing but that it failed, or a screen reader would speak each second. */
async function publish_text(is_quiet) {
  const result = element('result');
  const at = performance.now();
  try {
    const { id, subscribers } = await post('/channels/demo', element('text').value);
    journeys.sent(id, at);
    if (!is_quiet) result.textContent = `Published ${id} to ${subscribers} listening, answered after ${milliseconds(performance.now() - at)}`;
  } catch ({ detail }) {
    result.textContent = `Not published: ${detail}`;
  }
}
element('publish').onsubmit = event => {
  event.preventDefault();
  publish_text(false);
  element('text').select();
};

let repeating;
function repeat(is_on) {
  clearInterval(repeating);
  repeating = is_on ? setInterval(publish_text, 1000, true) : undefined;
  element('repeat').setAttribute('aria-pressed', is_on);
}
element('repeat').onclick = () => repeat(!repeating);
