// A page that listens by one transport, with nothing but what browsers bring along: listen.html?by=NAME&channel=NAME.
// Each file in plain/ opens one transport: open({ url, cursor, live, heard, broke }) gives a function that closes it.
//   url(extra)         where to read on, in the query whatever the transport wants
//   live(cursor)       there is a connection, and this is where it stands
//   heard(envelope)    a message or a notice
//   broke(why)         it is over; this page opens it again after a while
const given = new URLSearchParams(location.search);
const { open } = await import(`./plain/${given.get('by')}.js`);
const channel = given.get('channel');

let cursor = '', close, tries = 0;
window.page = { state: 'connecting', log: [], breaks: 0 };

function start() {
  let is_over = false; // what comes from a connection that is over is not heard
  const mine = what => (...args) => { if (!is_over) what(...args); };
  const broke = mine((why, delay_ms = Math.min(1000, 100 * 2 ** tries)) => {
    is_over = true;
    close?.();
    tries += 1;
    page.breaks += 1;
    page.state = `waiting: ${why}`;
    setTimeout(start, delay_ms);
  });
  const live = mine(at => {
    if (at) cursor = at;
    tries = 0;
    page.state = 'live';
  });
  const heard = mine(told => {
    if (told.notice === 'position') return live(told.cursor);
    if (told.notice === 'gap') {
      page.log.push({ gap: [told.after, told.resumes] });
      return live(told.resumes);
    }
    if (told.notice) return void page.log.push({ notice: told.notice });
    page.log.push({ data: told.data, event: told.event });
    live(told.id);
  });
  const url = extra => {
    const query = new URLSearchParams({ channel, since: cursor, ...extra });
    return `${location.origin}/channels?${query}`;
  };
  close = open({ url, live, heard, broke, get cursor() { return cursor; } });
}

start();
