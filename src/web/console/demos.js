// The three demos of Try. These functions are the whole of each, and what the page shows as its source is their own text.

/** A clock: the server publishes the time each second; the browser comes back by itself, and `id` is where it was. */
function listen_to_clock(show, lost) {
  const source = new EventSource('/channels/demo/clock?last=1');
  source.addEventListener('tick', ({ data, lastEventId }) => show(new Date(data), lastEventId));
  source.onerror = lost;
  return () => source.close();
}

/** Tells the time where the server does not. */
function publish_clock() {
  const timer = setInterval(() => {
    const time = new Date().toISOString().slice(0, 19) + 'Z';
    fetch('/channels/demo/clock?event=tick&ttl=10', { method: 'POST', body: time }).catch(() => {});
  }, 1000);
  return () => clearInterval(timer);
}

/** A chat: one WebSocket to read, to publish, and to know who is there. After a break it goes on where it was. */
function join_chat(name, { message, presence, state }) {
  const channel = 'demo/chat', query = new URLSearchParams({ name, presence: 1, last: 20 });
  let socket, timer;
  const send = command => socket.send(JSON.stringify(command));
  const connect = () => {
    socket = new WebSocket(`${location.origin.replace('http', 'ws')}/channels/${channel}?${query}`);
    socket.onmessage = ({ data }) => {
      const it = JSON.parse(data);
      if (it.id) query.set('since', it.id);
      if (it.type === 'welcome') query.set('session', it.session);
      if (it.type === 'welcome') state('here');
      if (it.type === 'message') message(it);
      if (it.type === 'reply' && it.clients) presence(it.clients);
      if (it.type === 'welcome' || it.notice === 'join' || it.notice === 'leave') send({ type: 'presence', channel, ref: 'who' });
    };
    socket.onclose = () => { state('lost'); timer = setTimeout(connect, 1000); };
  };
  connect();
  return {
    say: text => send({ type: 'publish', channel, data: { name, text } }),
    leave() { socket.onclose = null; clearTimeout(timer); socket.close(); },
  };
}

/** Page A asks. Each request waits 5 s at most; what was not answered by then is taken up again, the same question. */
async function ask_to_confirm(channel, question, signal, waiting) {
  const body = JSON.stringify(question), headers = { 'Content-Type': 'application/json' };
  let answer = await fetch(`/ask/${channel}?wait=5&ttl=120`, { method: 'POST', body, headers, signal });
  for (let round = 1; answer.status === 202; round += 1) {
    const asker = answer.headers.get('Location');
    waiting({ asker, round, subscribers: Number(answer.headers.get('Holdline-Subscribers')) });
    answer = await fetch(`${asker}?wait=5`, { signal });
  }
  return answer.status; // 200 is yes, 204 is no; 504: nobody answered in 120 s; 410: withdrawn
}

/** Page D hears the question, also one that was asked before it came, and answers it. */
function hear_question(channel, { asked, over }) {
  const source = new EventSource(`/channels/${channel}?last=1`);
  source.addEventListener('holdline:ask', ({ data }) => {
    const { ask, data: question } = JSON.parse(data);
    const answer = status => fetch(`/asks/${ask}?status=${status}`, { method: 'POST', body: status === 204 ? '' : 'yes' });
    asked(question, answer);
  });
  source.addEventListener('holdline:withdrawn', over);
  source.addEventListener('holdline:closed', over);
  return () => source.close();
}
