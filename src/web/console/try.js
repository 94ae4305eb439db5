// Try: what is on the page around the demos. One EventSource and one WebSocket are open while it is shown and seen, so
// that two pages side by side keep clear of the browser's six connections.

/** The text of functions, as they run. */
const source_of = (...functions) => functions.map(it => it.toString()).join('\n\n');

function show_sources() {
  element('clock-source').textContent = source_of(listen_to_clock, publish_clock);
  element('chat-source').textContent = source_of(join_chat);
  element('login-source').textContent = source_of(ask_to_confirm, hear_question);
}

const day_time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });

class ClockDemo {
  start() {
    this.end?.();
    this.end = listen_to_clock((time, id) => {
      put(element('clock-time'), day_time.format(time));
      put(element('clock-note'), `message ${id}`);
    }, () => put(element('clock-note'), 'no connection; the browser tries again'));
  }

  stop() {
    this.end?.();
    this.end = undefined;
  }

  /** Publishes from here while the tab is shown. */
  publish(is_on) {
    this.end_publishing?.();
    this.end_publishing = is_on ? publish_clock() : undefined;
    element('clock-publish').setAttribute('aria-pressed', is_on);
    put(element('clock-publish'), is_on ? 'Stop publishing' : 'Publish the time from here');
  }
}

class ChatDemo {
  constructor() {
    element('chat-join').onsubmit = event => {
      event.preventDefault();
      if (this.chat) this.leave(); else this.join(element('chat-name').value.trim());
    };
    element('chat-form').onsubmit = event => {
      event.preventDefault();
      const text = element('chat-text').value;
      if (!text || element('chat-send').disabled) return;
      this.chat.say(text);
      element('chat-text').value = '';
    };
  }

  join(name) {
    if (!name) return element('chat-name').focus();
    element('chat-log').replaceChildren();
    this.name = name;
    this.chat = join_chat(name, {
      message: it => this.show(it),
      presence: clients => put(element('chat-present'), clients.length ? `Here: ${clients.map(client => client.name ?? 'no name').join(', ')}` : ''),
      state: state => this.turn(state),
    });
    this.turn('joining');
    return undefined;
  }

  turn(state) {
    const is_in = state !== 'out';
    element('chat-name').readOnly = is_in;
    put(element('chat-enter'), is_in ? 'Leave' : 'Join');
    element('chat-text').disabled = element('chat-send').disabled = state !== 'here';
    put(element('chat-state'), { joining: 'Joining', here: '', lost: 'No connection; trying again', out: '' }[state]);
    if (state === 'here') element('chat-text').focus({ preventScroll: true });
    if (!is_in) put(element('chat-present'), '');
  }

  leave() {
    this.chat?.leave();
    this.chat = undefined;
    this.turn('out');
  }

  show({ data, time }) {
    const { name = '', text = shown_data({ data }) } = typeof data === 'object' && data ? data : {};
    const log = element('chat-log');
    log.append(make('p', { class: name === this.name ? 'own' : '' },
      make('span', { class: 'event', text: name }), make('span', { class: 'text', text }),
      make('time', { text: day_time.format(new Date(time)) })));
    while (log.childElementCount > rows_max) log.firstChild.remove();
    log.scrollTop = log.scrollHeight;
  }
}

let clock_demo, chat_demo, login_demo;
tab('try', {
  show() {
    if (!clock_demo) {
      [clock_demo, chat_demo, login_demo] = [new ClockDemo(), new ChatDemo(), new LoginDemo()];
      show_sources();
      const has_clock = document.documentElement.dataset.demo === 'on';
      element('clock-off').hidden = has_clock;
      if (!has_clock) put(element('clock-note'), 'no time yet');
      element('clock-publish').onclick = () => clock_demo.publish(!clock_demo.end_publishing);
    }
    claim();
    if (!document.hidden) clock_demo.start();
  },
  hide() {
    clock_demo.stop();
    clock_demo.publish(false);
    chat_demo.leave();
    login_demo.cancel();
  },
});
document.addEventListener('visibilitychange', () => {
  if (shown_tab !== 'try') return;
  if (document.hidden) clock_demo.stop(); else clock_demo.start();
});
