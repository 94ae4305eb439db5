// Script elements, each of which is held until there is something to tell, and then calls a function of this page.
const WAIT_S = 10;
let calls = 0;

export function open({ url, cursor, live, heard, broke }) {
  let script, wait = cursor ? WAIT_S : 0;
  const ask = () => {
    let batch;
    const name = `called_${calls += 1}`;
    window[name] = answer => { batch = answer; };
    script = document.createElement('script');
    script.onerror = () => broke('not loaded');
    script.onload = () => {
      script.remove();
      delete window[name];
      if (!batch) return broke('cut off');
      if (batch.error) return broke(batch.error.detail);
      for (const told of [...batch.notices, ...batch.messages]) heard(told);
      live(batch.next);
      wait = WAIT_S;
      ask();
    };
    script.src = url({ callback: name, wait });
    document.head.append(script);
  };
  ask();
  return () => script.remove();
}
