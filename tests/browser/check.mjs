// One line for each thing that was looked at.
let failed = 0;

export async function check(sentence, look) {
  const begun = performance.now();
  const said = word => console.log(`${word}  ${sentence} (${Math.round(performance.now() - begun)} ms)`);
  try {
    await look();
    said('ok  ');
  } catch (error) {
    failed += 1;
    said('FAIL');
    console.log(String(error.stack ?? error).replace(/^/gm, '      '));
  }
}

/** Asks until `look` gives something true; `tell` says what there was instead. */
export async function until(look, tell, patience_ms = 60000) {
  const end = performance.now() + patience_ms;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (performance.now() > end) throw new Error(`waited ${patience_ms} ms: ${JSON.stringify(await tell())}`);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

export const failures = () => failed;
