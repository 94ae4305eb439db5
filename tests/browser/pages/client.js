// A page that listens by holdline.js, whose options stand in the query as JSON: client.html?options={…}.
import { connect } from '/holdline.js';

const options = JSON.parse(new URLSearchParams(location.search).get('options'));
const line = connect({ channels: ['demo'], ...options });
window.page = { state: 'connecting', log: [], went: [], get transport() { return line.transport; } };
window.line = line;

line.on('message', ({ data, event }) => page.log.push({ data, event }));
line.on('gap', ({ after, resumes }) => page.log.push({ gap: [after, resumes] }));
line.on('shutdown', () => page.log.push({ notice: 'shutdown' }));
line.on('state', ({ state, transport }) => {
  page.state = state === 'open' ? 'live' : state;
  page.went.push(transport ?? state);
});
