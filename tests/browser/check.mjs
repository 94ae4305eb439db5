// One line for each thing that was looked at, with the browser it was looked at in.

/** Counts and tells what was looked at in one browser. */
export class Checks {
  constructor(name) {
    Object.assign(this, { name, passed: 0, failed: 0 });
  }

  /** Whether `look` came to its end without an error. */
  check = async (sentence, look) => {
    const begun = performance.now();
    const said = word => console.log(`${word}  ${this.name}  ${sentence} (${Math.round(performance.now() - begun)} ms)`);
    try {
      await look();
      this.passed += 1;
      said('ok  ');
      return true;
    } catch (error) {
      this.failed += 1;
      said('FAIL');
      console.log(String(error.stack ?? error).replace(/^/gm, '      '));
      return false;
    }
  };
}

// Guards against hanging; nothing is measured by it.
const PATIENCE_MS = Number(process.env.PATIENCE_MS ?? 40000);

/** Asks until `look` gives something true; `tell` says what there was instead. */
export async function until(look, tell = look, patience_ms = PATIENCE_MS) {
  const end = performance.now() + patience_ms;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (performance.now() > end) throw new Error(`waited ${patience_ms} ms: ${JSON.stringify(await tell())}`);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

/** Does `work` for each of `items`, three at a time: most of it is waiting. */
export async function in_lanes(items, work, lanes = 3) {
  const left = [...items];
  const lane = async () => { while (left.length) await work(left.shift()); };
  await Promise.all(Array.from({ length: lanes }, lane));
}
