// Channels: which there are, and one of them: what it holds, who is there, publishing to it, deleting it.

const list_ms = 2000, page_limit = 50;

class ChannelList {
  constructor() {
    this.rows = new Map();
    this.limit = 100;
    this.body = element('channel-rows');
    element('channel-more').onclick = () => { this.limit += 100; this.ask(); };
    element('channel-form').onsubmit = event => {
      event.preventDefault();
      const name = element('channel-name').value.trim();
      if (name) channel_view.open(name);
    };
    element('channel-name').oninput = () => this.ask();
  }

  async turn(run) {
    this.run = run;
    while (this.run === run) {
      if (!document.hidden) await this.ask();
      await pause(list_ms);
    }
  }

  /** Asks for the channels that begin with what is typed. */
  async ask() {
    const prefix = element('channel-name').value.trim();
    const turn = this.asking = {};
    try {
      const pages = [];
      for (let after = '', more = true; more && pages.length * 1000 < this.limit;) {
        const limit = Math.min(1000, this.limit - pages.length * 1000);
        const page = await get_json(`/stats/channels?${new URLSearchParams({ prefix, after, limit })}`);
        pages.push(page);
        [more, after] = [page.more, page.channels.at(-1)?.channel];
      }
      if (this.asking === turn) this.show(pages.flatMap(page => page.channels), pages.at(-1), prefix);
    } catch ({ detail }) {
      if (this.asking === turn) put(element('channel-state'), `No list: ${detail}`);
    }
  }

  show(channels, { total, more }, prefix) {
    const gone = new Set(this.rows.keys());
    let place = this.body.firstElementChild;
    for (const channel of channels) {
      gone.delete(channel.channel);
      const row = this.row(channel);
      // Rows stay where they are, so that a focused one keeps its focus.
      if (row.node === place) place = place.nextElementSibling;
      else this.body.insertBefore(row.node, place);
    }
    for (const name of gone) {
      this.rows.get(name).node.remove();
      this.rows.delete(name);
    }
    const of = channels.length < total ? `${count(channels.length)} of ${plural(total, 'channel')}` : plural(total, 'channel');
    put(element('channel-state'), total || prefix ? of : 'No channel yet: one exists while someone listens or a message is kept.');
    element('channel-more').hidden = !more;
    element('channel-table').hidden = !channels.length;
    channel_view.note(channels);
  }

  row(channel) {
    const name = channel.channel;
    let row = this.rows.get(name);
    if (!row) {
      const button = make('button', { type: 'button', class: 'link', text: name });
      button.onclick = () => channel_view.open(name);
      const cells = [0, 0, 0].map(() => make('td', { class: 'number' }));
      row = { button, cells, node: make('tr', { data: { channel: name } }, make('th', { scope: 'row' }, button), ...cells) };
      this.rows.set(name, row);
    }
    row.channel = channel;
    row.node.classList.toggle('is-closed', channel.closed);
    row.button.setAttribute('aria-current', channel_view.name === name);
    [count(channel.subscribers), count(channel.messages), bytes(channel.bytes)].forEach((text, index) => put(row.cells[index], text));
    return row;
  }

  /** What the list knows of a channel. */
  known(name) { return this.rows.get(name)?.channel; }
}

/** The channel that is open. */
class ChannelView {
  constructor() {
    this.form = element('channel-publish');
    this.form.onsubmit = event => { event.preventDefault(); this.publish(); };
    element('history-newest').onclick = () => this.read({ last: page_limit });
    element('history-start').onclick = () => this.read({ since: 'start', limit: page_limit });
    element('history-next').onclick = () => this.read({ since: this.next, limit: page_limit });
    element('presence-again').onclick = () => this.who();
    element('channel-delete').onclick = () => this.confirm();
    element('channel-close').onclick = () => this.close();
    element('delete-dialog').onclose = ({ target }) => { if (target.returnValue === 'delete') this.delete(); };
  }

  open(name) {
    this.name = name;
    put(element('channel-title'), name);
    put(element('channel-result'), '');
    element('channel-view').hidden = false;
    element('channel-none').hidden = true;
    for (const row of channel_list.rows.values()) row.button.setAttribute('aria-current', row.channel.channel === name);
    this.note([]);
    this.read({ last: page_limit });
    this.who();
    element('channel-title').focus();
  }

  close() {
    const row = channel_list.rows.get(this.name);
    this.name = undefined;
    element('channel-view').hidden = true;
    element('channel-none').hidden = false;
    (row?.button ?? element('channel-name')).focus();
    channel_list.ask();
  }

  /** What the list has just told. */
  note(channels) {
    if (this.name === undefined) return;
    const it = channels.find(({ channel }) => channel === this.name) ?? channel_list.known(this.name);
    const facts = it ? [
      plural(it.subscribers, 'subscriber'), plural(it.messages, 'message'), bytes(it.bytes),
      it.closed ? 'deleted; a message opens it again' : it.floor === '0-0' ? '' : `floor ${it.floor}`,
    ] : ['not there yet: the first message or subscriber makes it'];
    put(element('channel-facts'), facts.filter(Boolean).join(' · '));
  }

  /** Shows a page of the history. A deleted channel is not asked, for it answers 410. */
  async read(query) {
    const name = this.name;
    const rows = element('history-rows');
    if (channel_list.known(name)?.closed) return this.tell_history([], false, 'The channel was deleted.');
    try {
      const batch = await get_json(`${channel_path(name)}?${new URLSearchParams(query)}`);
      if (this.name !== name) return;
      const is_next = query.since && query.since !== 'start';
      if (is_next && !batch.messages.length && !batch.gap) return this.tell_history(undefined, false, 'Nothing newer.');
      this.next = batch.next;
      const lost = batch.notices.filter(({ notice }) => notice === 'gap').map(notices.gap);
      const range = batch.messages.length ? `${plural(batch.messages.length, 'message')}${batch.more ? ', more behind' : ''}` : 'No message is kept.';
      this.tell_history(query.last ? batch.messages.reverse() : batch.messages, true, [...lost, range].join('. '));
    } catch ({ detail }) {
      if (this.name === name) this.tell_history(rows.childElementCount ? undefined : [], false, `No history: ${detail}`);
    }
  }

  tell_history(messages, is_read, text) {
    if (messages) {
      element('history-rows').replaceChildren(...messages.map(message_row));
      element('history-table').hidden = !messages.length;
    }
    element('history-next').disabled = !is_read && !messages;
    put(element('history-state'), text);
  }

  async publish() {
    const result = element('channel-result');
    try {
      const { path, ...options } = publication(this.name, this.form);
      const { id, subscribers } = await post(path, options.body, { headers: options.headers });
      put(result, `Published ${id} to ${subscribers} listening`);
      await channel_list.ask();
      this.read({ last: page_limit });
    } catch ({ detail, field }) {
      put(result, `Not published: ${detail}`);
      field?.focus();
    }
  }

  async who() {
    const name = this.name, list = element('presence-rows');
    try {
      const { clients, count: total } = await get_json(channel_path(name, 'presence'));
      if (this.name !== name) return;
      list.replaceChildren(...clients.map(client => make('tr', {},
        make('th', { scope: 'row', text: client.name ?? client.user ?? 'no name' }),
        make('td', {}, make('code', { text: client.id })),
        make('td', { text: transport_names[client.transport] ?? client.transport }),
        make('td', { text: client.since_ms ? clock.format(new Date(client.since_ms)) : '' }))));
      element('presence-table').hidden = !clients.length;
      put(element('presence-state'), total ? plural(total, 'client') : 'Nobody is there.');
    } catch ({ detail }) {
      if (this.name !== name) return;
      element('presence-table').hidden = true;
      put(element('presence-state'), `Unknown: ${detail}`);
    }
  }

  confirm() {
    const it = channel_list.known(this.name);
    const what = it ? `Its ${plural(it.messages, 'message')} will be gone; ${it.subscribers ? plural(it.subscribers, 'subscriber') + ' will be told' : 'nobody listens'}.` : 'It holds nothing now.';
    put(element('delete-what'), `Delete ${this.name}? ${what}`);
    element('delete-dialog').returnValue = '';
    element('delete-dialog').showModal();
  }

  async delete() {
    const name = this.name;
    try {
      await get(channel_path(name), { method: 'DELETE', wanted: [204] });
      this.close();
      put(element('channel-told'), `${name} was deleted.`);
    } catch ({ detail }) {
      put(element('channel-result'), `Not deleted: ${detail}`);
    }
  }
}

const channel_view = new ChannelView();
const channel_list = new ChannelList();
tab('channels', { show: () => channel_list.turn({}), hide: () => { channel_list.run = undefined; } });
