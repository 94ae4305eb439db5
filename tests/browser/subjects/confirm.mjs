// Scan to confirm: page A asks and waits, page D answers. As the console's Try has it.
import assert from 'node:assert/strict';
import { Holdline } from '../holdline.mjs';
import { CuttingProxy } from '../proxies/cutting.mjs';
import { CUT_OFF } from '../provoked.mjs';
import { until } from '../check.mjs';

export default async function confirm(browser, check) {
  for (const [button, says_d, says_a] of [
    ['Confirm', 'Confirmed. You can close this page.', 'Confirmed: you are logged in.'],
    ['Cancel', 'Cancelled. You can close this page.', 'Cancelled on the other screen.'],
  ]) {
    await check(`the other page says ${button}, and the first one shows it`, () => asked(browser, async ({ a, d, open_d }) => {
      const code = await a.evaluate(() => document.querySelector('#login-number').textContent);
      await open_d();
      await d.until(code => document.querySelector('#confirm-code').textContent === code, code);
      await d.click('button', button);
      await state_is(d, '#confirm-state', says_d);
      await state_is(a, '#login-state', says_a);
    }));
  }

  await check('not answered within 5 s, the same question is taken up again, and answered', () => asked(browser, async ({ a, d, open_d }) => {
    await open_d();
    await d.until(() => !document.querySelector('#confirm-ask').hidden);
    await a.until(() => /taken up again/.test(document.querySelector('#login-state').textContent));
    await d.click('button', 'Confirm');
    await state_is(a, '#login-state', 'Confirmed: you are logged in.');
  }));

  await check('taken back by the first page, the other one is told', () => asked(browser, async ({ a, d, open_d }) => {
    await open_d();
    await d.until(() => !document.querySelector('#confirm-ask').hidden);
    // Until the first 5 s are over page A does not know under which name it may take the question back.
    await a.until(() => /taken up again/.test(document.querySelector('#login-state').textContent));
    await a.click('button', 'Take back');
    await state_is(d, '#confirm-state', 'It was answered elsewhere, withdrawn, or its time is over.');
    await state_is(a, '#login-state', 'Taken back.');
  }));

  await check('the other page is cut off and offline, comes back, and answers', () => asked(browser, async ({ a, d, d_context, open_d, proxy }) => {
    await open_d();
    await d.until(() => !document.querySelector('#confirm-ask').hidden);
    await d_context.offline(true);
    proxy.cut();
    await d.click('button', 'Confirm');
    await state_is(d, '#confirm-state', 'No connection: try again.');
    await d_context.offline(false);
    await d.click('button', 'Confirm');
    await state_is(a, '#login-state', 'Confirmed: you are logged in.');
  }));

  await check('two answers: the first one counts, the second is told so', () => asked(browser, async ({ a, d, d_context, open_d, link }) => {
    await open_d();
    const e = await d_context.page({ provokes: [/status of 409/] });
    await e.goto(link);
    for (const page of [d, e]) await page.until(() => !document.querySelector('#confirm-ask').hidden);
    await e.evaluate(() => { window.late = document.querySelector('#confirm-no').onclick; });
    await d.click('button', 'Confirm');
    await state_is(a, '#login-state', 'Confirmed: you are logged in.');
    await e.evaluate(() => window.late());
    await state_is(e, '#confirm-state', 'It was answered before.');
    assert.deepEqual(e.complaints, []);
  }));
}

const state_is = (page, selector, text) => page.until(
  ([selector, text]) => document.querySelector(selector).textContent === text, [selector, text],
  ([selector]) => document.querySelector(selector).textContent,
);

/** Page A has asked; page D, of another user and behind a proxy that can cut, is not open yet. */
async function asked(browser, look) {
  const server = await Holdline.start('--listen', '127.0.0.1:0');
  const proxy = await CuttingProxy.start(server.address);
  const [a_context, d_context] = [await browser.context(), await browser.context()];
  try {
    const [a, d] = [await a_context.page(), await d_context.page({ provokes: CUT_OFF })];
    await a.goto(`${server.url}/#try`);
    await a.click('button', 'Log in with another screen');
    await until(() => a.evaluate(() => document.querySelector('#login-code svg') !== null));
    const link = (await a.evaluate(() => document.querySelector('#login-link').href)).replace(server.url, proxy.url);
    await look({ a, d, d_context, proxy, link, open_d: () => d.goto(link) });
    assert.deepEqual([...a.complaints, ...d.complaints], []);
  } finally {
    await a_context.close();
    await d_context.close();
    proxy.close();
    await server.kill();
  }
}
