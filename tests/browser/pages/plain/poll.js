// fetch, now and again.
const PAUSE_MS = 200;

export function open({ url, live, heard, broke }) {
  const abort = new AbortController();
  let timer;
  const ask = async () => {
    const answer = await fetch(url(), { signal: abort.signal, cache: 'no-store' });
    if (!answer.ok) throw `answered ${answer.status}`;
    const { notices, messages, next, more } = await answer.json();
    for (const told of [...notices, ...messages]) heard(told);
    live(next);
    timer = setTimeout(begin, more ? 0 : PAUSE_MS);
  };
  const begin = () => void ask().catch(error => broke(String(error)));
  begin();
  return () => { abort.abort(); clearTimeout(timer); };
}
