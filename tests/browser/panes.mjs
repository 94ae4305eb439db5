// The page as a reader sees it.
import { until } from './check.mjs';

export const PANES = ['websocket', 'eventsource', 'fetch-stream', 'hidden-iframe', 'long-poll', 'short-poll', 'jsonp'];

/** What each pane shows, oldest first: `{ state, said, messages: [[id, event, text]], notices: [text] }`. */
export const shown = page => page.evaluate(() => Object.fromEntries([...document.querySelectorAll('.pane')].map(pane => {
  const rows = [...pane.querySelectorAll('li')].reverse();
  const text = (row, name) => row.querySelector(name)?.textContent ?? '';
  return [pane.id, {
    state: pane.dataset.state,
    said: text(pane, '.state'),
    messages: rows.filter(row => row.className === 'message').map(row => [text(row, '.id'), text(row, '.event'), text(row, '.text')]),
    notices: rows.filter(row => row.className === 'notice').map(row => text(row, '.text')),
    times: rows.map(row => text(row, 'time')),
  }];
})));

/** Waits until `is_so` holds for each of the seven. */
export async function all(page, is_so, patience_ms) {
  const others = async () => {
    const panes = await shown(page);
    return PANES.filter(name => !panes[name] || !is_so(panes[name], name)).map(name => [name, panes[name]]);
  };
  await until(async () => (await others()).length === 0, others, patience_ms);
}

export const all_listen = (page, patience_ms) => all(page, pane => pane.state === 'live', patience_ms);

/**
 * Waits until each of the seven shows these messages, each once and in this order, and nothing besides. What comes twice
 * would come before the last, for ids only grow; so the last must be new.
 */
export async function all_show(page, messages) {
  const expected = JSON.stringify(messages.map(([id, text, event = '']) => [id, event, text]));
  await all(page, pane => pane.messages.length >= messages.length);
  await all(page, pane => JSON.stringify(pane.messages) === expected, 0);
}
