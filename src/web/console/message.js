// One message of a history, and the form that publishes one.

const long_text = 400;

/** JSON on one line as long as it is short. */
function pretty(it) {
  const line = shown_data(it);
  return typeof it.data === 'object' && line.length > 100 ? JSON.stringify(it.data, null, 2) : line;
}

/** A message as a row: when, id, what. A long text is cut until it is asked for. */
function message_row(it) {
  const whole_text = pretty(it);
  const is_long = whole_text.length > long_text || whole_text.split('\n').length > 6;
  const data = make('pre', { class: is_long ? 'data is-cut' : 'data', text: whole_text });
  const body = make('td', {});
  const tags = [it.event && `event ${it.event}`, it.content_type, it.data_base64 !== undefined && 'base64', it.ask && 'a question'];
  for (const text of tags) if (text) body.append(make('span', { class: 'tag', text }));
  body.append(data);
  if (is_long) {
    const more = make('button', { type: 'button', class: 'small', 'aria-expanded': 'false', text: 'Show all' });
    more.onclick = () => {
      const is_cut = data.classList.toggle('is-cut');
      put(more, is_cut ? 'Show all' : 'Show less');
      more.setAttribute('aria-expanded', !is_cut);
    };
    body.append(more);
  }
  const time = make('time', { datetime: it.time, title: it.time, text: clock.format(new Date(it.time)) });
  return make('tr', { data: { id: it.id } }, make('td', { class: 'when' }, time, make('code', { text: it.id })), body);
}

/** What the publish form says, as path and body; throws what is wrong with it. */
function publication(channel, form) {
  const { data, kind, event, ttl, key, retain } = form.elements;
  const query = new URLSearchParams();
  for (const field of [event, ttl, key]) if (field.value) query.set(field.name, field.value);
  if (!retain.checked) query.set('retain', '0');
  if (kind.value === 'json') {
    try {
      JSON.parse(data.value);
    } catch (error) {
      throw { detail: `this is not JSON: ${error.message}`, field: data };
    }
  }
  const type = kind.value === 'json' ? 'application/json' : 'text/plain';
  return { path: `${channel_path(channel)}${query.size ? `?${query}` : ''}`, body: data.value, headers: { 'Content-Type': type } };
}
