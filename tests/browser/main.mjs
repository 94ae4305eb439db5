// Runs every part against one Chromium and counts what failed.
import { chromium } from 'playwright-core';
import { check, failures } from './check.mjs';
import { console_page } from './console.mjs';
import { origins } from './origins.mjs';
import { screenshots } from './screenshots.mjs';

const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, headless: true, args: flags });
console.log(`Chromium ${browser.version()}`);
try {
  for (const part of [console_page, origins, screenshots]) await check(`${part.name} came to its end`, () => part(browser));
} finally {
  await browser.close();
}
console.log(failures() ? `${failures()} failed` : 'all passed');
process.exitCode = failures() ? 1 : 0;
