// The QR codes of the console against those of an independent encoder (python-qrcode 8.2), module by module: versions 1, 4
// and 7, which have no alignment pattern, one, and six with version information.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';

const source = readFileSync(new URL('../../../src/web/console/qr.js', import.meta.url), 'utf8');
const qr_matrix = runInNewContext(`${source}; qr_matrix`, { TextEncoder });

/** A row a word, dark is 1, in hexadecimal. */
const known = [
  { text: 'hello', size: 21, rows: `
    1fcc7f 105841 174b5d 17465d 17595d 104141 1fd57f 000700 154a12 058443 0a5d1f 190042 0d6550 001ea7 1fc6e7
    1047b0 1756e3 174866 175d15 104852 1fdd63
  ` },
  { text: 'http://127.0.0.1:8080/#confirm=demo/login/3f9a2c', size: 33, rows: `
    1fc89e77f 1041e8941 17528ce5d 17587165d 175bacb5d 105079941 1fd55557f 001460a00 17cebd17c 0c0956bed 1d5e34996
    158b60dde 0c54061ba 16a9f164b 10678e41e 0608d3b9c 134f8b031 1da39efed 01c168156 123b1ca9c 02fcb16ba 108ba4b49
    157bfd82a 15b320e54 10c2293f0 0019d6d15 1fcfa4356 105810d16 1757869fb 175e7923b 1754ca3e8 1043938fc 1fd24b172
  ` },
  { text: 'y'.repeat(107), size: 45, rows: `
    1fd98185597f 104306adda41 175346508a5d 1749bbd6ab5d 174a41f1575d 10579111d841 1fd55555557f 00029b177500
    146dcff55425 0993394aaaa7 1ccf6b422125 09a89b96757a 1d4de6075452 0f1a0f3a2aa7 06438853e125 15036a27757a
    1fc9e5655452 001edd7aaaa7 02c358522125 0c23faa3757a 03fa95f555f2 191fdd12ab17 0b58a3562155 17197717751a
    03f851f555f2 091ed3daa8a7 0adcaa822055 16b870a4f7db 01fa44549682 0b22c8d9e8a7 1afa7a90e055 1c8ad48777da
    0776ae555682 15aa47caa8a7 017a2a022055 0f0a846f77da 13443df957f2 0018a71eab17 1fd3255e2355 1046f317751a
    174cb3f555f2 1748aaeaab75 175b22e22155 1046fb7636a8 1fdd89575621
  ` },
];

/** Rows as words. */
const words = matrix => matrix.map(row => BigInt(`0b${row.map(Number).join('')}`).toString(16).padStart(Math.ceil(row.length / 4), '0'));

export default async function qr_codes(_browser, check) {
  for (const { text, size, rows } of known) {
    await check(`${text.slice(0, 20)} becomes the QR code of ${size} by ${size} that others make of it`, () => {
      assert.deepEqual(words([...qr_matrix(text)].map(row => [...row])), rows.trim().split(/\s+/));
    });
  }

  await check('213 bytes fit in a QR code of 57 by 57, and one more does not', () => {
    assert.equal(qr_matrix('y'.repeat(213)).length, 57);
    assert.equal(qr_matrix('\u00e9'.repeat(107)), undefined);
  });
}
