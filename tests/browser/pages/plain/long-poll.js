// XMLHttpRequest with a timeout: each request is held until there is something to tell. The first one is not, so that
// the page knows at once where it stands.
const WAIT_S = 10;

export function open({ url, cursor, live, heard, broke }) {
  let request, wait = cursor ? WAIT_S : 0;
  const ask = () => {
    request = new XMLHttpRequest();
    request.open('GET', url({ wait }));
    request.responseType = 'text'; // or Firefox reads what has no type, such as half an answer, as XML
    request.timeout = (wait + 20) * 1000;
    request.ontimeout = () => broke('no answer');
    request.onerror = () => broke('no connection');
    request.onload = () => {
      if (request.status !== 200) return broke(`answered ${request.status}`);
      let batch;
      try {
        batch = JSON.parse(request.responseText);
      } catch {
        return broke('cut off'); // a browser takes a head that was cut off for a whole one
      }
      const { notices, messages, next } = batch;
      for (const told of [...notices, ...messages]) heard(told);
      live(next);
      wait = WAIT_S;
      ask();
    };
    request.send();
  };
  ask();
  return () => request.abort();
}
