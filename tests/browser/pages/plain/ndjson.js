// fetch, read as it comes: a line of JSON for each message.
export function open({ url, heard, broke }) {
  const abort = new AbortController();
  const read = async () => {
    const answer = await fetch(url(), { headers: { accept: 'application/x-ndjson' }, signal: abort.signal });
    if (!answer.ok) return `answered ${answer.status}`;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let rest = ''; ;) {
      const { value, done } = await reader.read();
      if (done) return 'ended';
      const lines = (rest + value).split('\n');
      rest = lines.pop();
      for (const line of lines) heard(JSON.parse(line));
    }
  };
  read().catch(String).then(broke);
  return () => abort.abort();
}
