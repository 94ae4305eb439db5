// Runs every part, or those that are named, against one Chromium and counts what failed.
import { chromium } from 'playwright-core';
import { check, failures } from './check.mjs';
import { console_page } from './console.mjs';
import { origins } from './origins.mjs';
import { qr_codes } from './qr.mjs';
import { screenshots } from './screenshots.mjs';

const parts = [console_page, origins, qr_codes, screenshots];
const named = process.argv.slice(2);
const wanted = named.length ? parts.filter(({ name }) => named.includes(name)) : parts;
if (named.length && wanted.length !== named.length) {
  console.error(`the parts are ${parts.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP rebound.example 127.0.0.1'];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, headless: true, args: flags });
console.log(`Chromium ${browser.version()}`);
try {
  for (const part of wanted) await check(`${part.name} came to its end`, () => part(browser));
} finally {
  await browser.close();
}
console.log(failures() ? `${failures()} failed` : 'all passed');
process.exitCode = failures() ? 1 : 0;
