// Scan to confirm: page A asks on a channel of its own and shows how to get there; page D, which is this page with another
// hash, has the buttons.

const outcomes = {
  200: ['yes', 'Confirmed: you are logged in.'], 204: ['no', 'Cancelled on the other screen.'],
  410: ['over', 'The question was withdrawn.'], 504: ['over', 'Nobody answered in two minutes.'],
};

class LoginDemo {
  constructor() {
    element('login-ask').onclick = () => this.ask();
    element('login-cancel').onclick = () => this.cancel();
    element('login-near').hidden = !/^(localhost|.*\.localhost|127\..*|\[::1\])$/.test(location.hostname);
  }

  async ask() {
    const abort = new AbortController();
    const id = random().slice(0, 12), channel = `demo/login/${id}`;
    const link = `${location.origin}/#confirm=${channel}`;
    Object.assign(this, { abort, channel, asker: undefined });
    element('login-code').replaceChildren(qr_svg(link, 'QR code of the link below') ?? '');
    Object.assign(element('login-link'), { href: link, textContent: link });
    this.turn('waiting', 'Waiting for an answer on the other screen.');
    try {
      const question = { text: 'Log in on another screen?', code: id.slice(0, 4).toUpperCase() };
      put(element('login-number'), question.code);
      const status = await ask_to_confirm(channel, question, abort.signal, it => this.wait(it));
      this.turn(...(outcomes[status] ?? ['over', `The server answered ${status}.`]));
    } catch (error) {
      if (this.abort === abort && !abort.signal.aborted) this.turn('over', `Not asked: ${error.detail ?? 'no connection'}.`);
    }
  }

  wait({ asker, round, subscribers }) {
    this.asker = asker;
    const there = subscribers ? 'the page is open there' : 'nobody is there yet';
    this.turn('waiting', `Waiting: ${there}. Not answered within 5 s, so the same question was taken up again${round > 1 ? `, ${round} times` : ''}.`);
  }

  turn(state, text) {
    element('login').dataset.state = state;
    element('login-waiting').hidden = state !== 'waiting';
    element('login-ask').hidden = state === 'waiting';
    element('login-cancel').hidden = state !== 'waiting';
    put(element('login-ask'), state ? 'Ask again' : 'Log in with another screen');
    put(element('login-state'), text);
  }

  /** Takes the question back; before it is known under which name, with its channel. */
  cancel() {
    if (element('login').dataset.state !== 'waiting') return;
    this.abort.abort();
    fetch(this.asker ?? `/channels/${this.channel}`, { method: 'DELETE' }).catch(() => {});
    this.turn('over', 'Taken back.');
  }
}

/** Page D. */
class ConfirmPage {
  start() {
    const channel = decodeURIComponent(location.hash.slice(1)).split('=')[1] ?? '';
    claim();
    this.turn('waiting', 'Looking for the question');
    put(element('confirm-channel'), channel);
    this.end = hear_question(channel, {
      asked: (question, answer) => this.ask(question, answer),
      over: () => { if (this.state === 'asked') this.turn('over', 'It was answered elsewhere, withdrawn, or its time is over.'); },
    });
    this.timer = setTimeout(() => { if (this.state === 'waiting') this.turn('waiting', 'There is no question here at present. It shows when it comes.'); }, 3000);
  }

  stop() {
    clearTimeout(this.timer);
    this.end?.();
  }

  ask(question, answer) {
    put(element('confirm-question'), question?.text ?? 'Confirm?');
    put(element('confirm-code'), question?.code ?? '');
    this.turn('asked', '');
    const reply = async status => {
      this.turn('answered', 'Sending');
      try {
        const { ok, status: said } = await answer(status);
        this.turn('over', ok ? (status === 204 ? 'Cancelled. You can close this page.' : 'Confirmed. You can close this page.')
          : said === 409 ? 'It was answered before.' : 'It was withdrawn, or its time is over.');
      } catch {
        this.turn('asked', 'No connection: try again.');
      }
    };
    element('confirm-yes').onclick = () => reply(200);
    element('confirm-no').onclick = () => reply(204);
  }

  turn(state, text) {
    this.state = state;
    element('confirm-ask').hidden = state !== 'asked';
    put(element('confirm-state'), text);
  }
}

const confirm_page = new ConfirmPage();
tab('confirm', { show: () => confirm_page.start(), hide: () => confirm_page.stop() });
