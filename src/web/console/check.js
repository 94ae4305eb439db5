// Check: what stands between this browser and the server, measured on the way that messages take.

const marks = { good: 'good', slow: 'look at it', bad: 'does not work' };

class Check {
  constructor() {
    element('check-run').onclick = () => this.run();
    copies(element('check-copy'), () => element('check-text').textContent, element('check-text'));
  }

  async run() {
    const button = element('check-run');
    button.disabled = true;
    claim();
    element('check-result').hidden = element('check-change').hidden = true;
    element('check-state').dataset.state = '';
    for (const part of document.querySelectorAll('#panel-check .part')) part.hidden = false;
    for (const id of ['check-transports', 'check-headers', 'check-advice']) element(id).replaceChildren();
    this.rows = [];
    this.faults = new Set();
    try {
      await this.measure();
      this.conclude();
    } catch ({ detail, message }) {
      put(element('check-state'), `The check broke off: ${detail ?? message}`);
    }
    button.disabled = false;
    put(button, 'Run again');
  }

  async measure() {
    let socket;
    for (const [index, probe] of probes.entries()) {
      put(element('check-state'), `Measuring ${probe.name}, ${index + 1} of ${probes.length}`);
      const found = await probe_transport(probe.open);
      if (probe.key === 'websocket') socket = found.what;
      this.add('check-transports', { key: probe.key, name: probe.name, ...judge_transport(probe, found),
        times: [found.first_ms, found.message_ms].map(ms => ms === undefined ? '–' : milliseconds(ms)) });
    }
    put(element('check-state'), 'Trying header fields');
    const { rows, server } = await check_headers(socket);
    this.server = server;
    for (const row of rows) this.add('check-headers', { key: row.name, times: [], ...row });
  }

  add(list, row) {
    this.rows.push({ list, ...row });
    if (row.fix) this.faults.add(row.fix);
    // The roles stay when a narrow page lays the row out as lines.
    element(list).append(make('tr', { role: 'row', data: { key: row.key, state: row.state } },
      make('th', { scope: 'row', role: 'rowheader', text: row.name }),
      make('td', { role: 'cell' }, make('span', { class: 'mark', text: marks[row.state] })),
      ...row.times.map((text, index) => make('td', { class: 'number', role: 'cell', text, data: { label: ['first', 'message'][index] } })),
      make('td', { class: 'wide', role: 'cell', text: row.text })));
  }

  /** One sentence, what to change, and all of it as text. */
  conclude() {
    const bad = this.rows.filter(({ state }) => state === 'bad'), slow = this.rows.filter(({ state }) => state === 'slow');
    const which = rows => rows.map(({ name }) => name).join(', ');
    // A page that is refused is refused everywhere: the other faults are this one's.
    if (this.faults.has('host')) for (const fix of ['refused', 'timeout']) this.faults.delete(fix);
    const verdict = bad.length ? `Something stands in the way of ${which(bad)}.`
      : slow.length ? `Everything gets through; look at ${which(slow)}.`
        : 'Nothing stands in the way: every transport gets through at once, and header fields survive.';
    put(element('check-state'), verdict);
    element('check-state').dataset.state = bad.length ? 'bad' : slow.length ? 'slow' : 'good';
    element('check-advice').replaceChildren(...[...this.faults].map(fix => advice_node(fix, this.server)));
    element('check-change').hidden = !this.faults.size;
    element('check-result').hidden = false;
    put(element('check-text'), this.report(verdict));
  }

  report(verdict) {
    const line = ({ name, state, times, text }) => [`  ${name.padEnd(24)}${marks[state].padEnd(15)}`, ...times.map(time => time.padStart(9)), `  ${text}`].join('');
    const part = (list, title) => [title, ...this.rows.filter(row => row.list === list).map(line)];
    const fixes = [...this.faults].map(fix => `  ${advice_text(fix)}`);
    return [
      `holdline check of ${location.origin} at ${new Date().toISOString()}`, navigator.userAgent, verdict, '',
      ...part('check-transports', 'Transports: first byte, message'), '', ...part('check-headers', 'Header fields'),
      ...(fixes.length ? ['', 'To change', ...fixes] : []),
    ].join('\n');
  }
}

const check = new Check();
tab('check', {});
