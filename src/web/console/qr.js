// QR codes (ISO/IEC 18004): a text as bytes, error correction M, versions 1 to 10, which is up to 213 bytes.
// `qr_matrix(text)` gives rows of booleans, dark is true; `undefined` if the text is too long. `qr_svg` draws them.

/** For each version: error correction codewords of a block, then the data codewords of each block. */
const qr_blocks = [
  [10, 16], [16, 28], [26, 44], [18, 32, 32], [24, 43, 43], [16, 27, 27, 27, 27], [18, 31, 31, 31, 31],
  [22, 38, 38, 39, 39], [22, 36, 36, 36, 37, 37], [26, 43, 43, 43, 43, 44],
].map(([check, ...data]) => ({ check, data }));
/** Where the centres of alignment patterns lie. */
const qr_centres = [
  [], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50],
];
const qr_sum = list => list.reduce((sum, number) => sum + number, 0);

/** The product in GF(256) modulo x^8 + x^4 + x^3 + x^2 + 1. */
function qr_times(a, b) {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    product = (product << 1) ^ ((product >> 7) * 0x11d);
    if ((b >> bit) & 1) product ^= a;
  }
  return product;
}

/** The generator polynomial with `degree` roots, without its leading 1. */
function qr_generator(degree) {
  const divisor = [...Array(degree - 1).fill(0), 1];
  for (let root = 1, round = 0; round < degree; round += 1, root = qr_times(root, 2)) {
    for (let i = 0; i < degree; i += 1) divisor[i] = qr_times(divisor[i], root) ^ (divisor[i + 1] ?? 0);
  }
  return divisor;
}

/** The error correction codewords of a block: what is left of it divided by the generator. */
function qr_check(data, generator) {
  const rest = generator.map(() => 0);
  for (const byte of data) {
    const factor = byte ^ rest.shift();
    rest.push(0);
    generator.forEach((number, i) => { rest[i] ^= qr_times(number, factor); });
  }
  return rest;
}

/** The smallest version for so many bytes, counted from 0. */
const qr_version = length => qr_blocks.findIndex(({ data }, version) => length + (version < 9 ? 2 : 3) <= qr_sum(data));

/** Mode, length, bytes and padding as codewords. */
function qr_data(content, version) {
  const bits = [];
  const push = (value, width) => { for (let bit = width - 1; bit >= 0; bit -= 1) bits.push((value >> bit) & 1); };
  push(4, 4);
  push(content.length, version < 9 ? 8 : 16);
  for (const byte of content) push(byte, 8);
  const room = qr_sum(qr_blocks[version].data) * 8;
  push(0, Math.min(4, room - bits.length));
  push(0, -bits.length & 7);
  for (let pad = 0xec; bits.length < room; pad ^= 0xec ^ 0x11) push(pad, 8);
  return Array.from({ length: room / 8 }, (_, i) => parseInt(bits.slice(i * 8, i * 8 + 8).join(''), 2));
}

/** The codewords of all blocks, interleaved. */
function qr_codewords(content, version) {
  const { check, data: lengths } = qr_blocks[version];
  const data = qr_data(content, version), generator = qr_generator(check);
  let at = 0;
  const blocks = lengths.map(length => data.slice(at, at += length));
  const checks = blocks.map(block => qr_check(block, generator));
  const woven = lists => Array.from({ length: Math.max(...lists.map(list => list.length)) }, (_, i) => lists.map(list => list[i])).flat();
  return [...woven(blocks), ...woven(checks)].filter(byte => byte !== undefined);
}

/** Bits with their BCH remainder behind them. */
function qr_bch(value, width, polynomial) {
  let rest = value;
  for (let i = 0; i < width; i += 1) rest = (rest << 1) ^ ((rest >> (width - 1)) * polynomial);
  return (value << width) | rest;
}

/** An empty matrix with all that is not data; what is `undefined` in it is for data. */
function qr_frame(version) {
  const size = 21 + version * 4;
  const rows = Array.from({ length: size }, () => Array(size).fill(undefined));
  const set = (x, y, dark) => { if (rows[y]?.[x] === undefined && x >= 0 && x < size && rows[y]) rows[y][x] = dark; };
  const square = (x, y, radius, dark) => {
    for (let dy = -radius; dy <= radius; dy += 1) {
      for (let dx = -radius; dx <= radius; dx += 1) set(x + dx, y + dy, dark(Math.max(Math.abs(dx), Math.abs(dy))));
    }
  };
  for (const [x, y] of [[3, 3], [size - 4, 3], [3, size - 4]]) square(x, y, 4, ring => ring !== 2 && ring !== 4);
  const centres = qr_centres[version], last = centres.at(-1);
  for (const x of centres) {
    for (const y of centres) {
      const is_corner = (x === 6 && y === 6) || (x === 6 && y === last) || (x === last && y === 6);
      if (!is_corner) square(x, y, 2, ring => ring !== 1);
    }
  }
  for (let i = 0; i < size; i += 1) {
    set(6, i, i % 2 === 0);
    set(i, 6, i % 2 === 0);
  }
  if (version >= 6) {
    const bits = qr_bch(version + 1, 12, 0x1f25);
    for (let i = 0; i < 18; i += 1) {
      const [a, b, dark] = [size - 11 + (i % 3), Math.floor(i / 3), ((bits >> i) & 1) === 1];
      set(a, b, dark);
      set(b, a, dark);
    }
  }
  return rows;
}

/** Writes which mask is used, twice; level M is 0. */
function qr_format(rows, mask) {
  const size = rows.length, bits = qr_bch(mask, 10, 0x537) ^ 0x5412;
  for (let i = 0; i < 15; i += 1) {
    const dark = ((bits >> i) & 1) === 1;
    rows[i < 6 ? i : i < 8 ? i + 1 : size - 15 + i][8] = dark;
    rows[8][i < 8 ? size - 1 - i : i === 8 ? 7 : 14 - i] = dark;
  }
  rows[size - 8][8] = true;
}

const qr_masks = [
  (x, y) => (x + y) % 2, (x, y) => y % 2, x => x % 3, (x, y) => (x + y) % 3, (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2,
  (x, y) => ((x * y) % 2) + ((x * y) % 3), (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2, (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2,
];

/** Every place for data, two columns at a time from the right, up and down in turn; the timing column is left out. */
function* qr_places(size) {
  let is_up = true;
  for (let right = size - 1; right > 0; right -= 2, is_up = !is_up) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step += 1) {
      const y = is_up ? size - 1 - step : step;
      yield [right, y];
      yield [right - 1, y];
    }
  }
}

/** The penalty of a matrix: runs, blocks, what looks like a finder, imbalance. */
function qr_penalty(rows) {
  const size = rows.length;
  const lines = [...rows, ...rows.map((_, x) => rows.map(row => row[x]))].map(line => line.map(Number).join(''));
  let penalty = 0;
  for (const line of lines) {
    for (const [run] of line.matchAll(/0{5,}|1{5,}/g)) penalty += run.length - 2;
    for (const pattern of ['10111010000', '00001011101']) {
      for (let at = line.indexOf(pattern); at >= 0; at = line.indexOf(pattern, at + 1)) penalty += 40;
    }
  }
  let dark = 0;
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const here = rows[y][x];
      dark += here;
      if (x && y && here === rows[y][x - 1] && here === rows[y - 1][x] && here === rows[y - 1][x - 1]) penalty += 3;
    }
  }
  return penalty + 10 * Math.floor(Math.abs((20 * dark) / size ** 2 - 10));
}

function qr_masked(version, codewords, mask) {
  const rows = qr_frame(version);
  const taken = rows.map(row => row.map(dark => dark !== undefined));
  qr_format(rows, mask);
  const is_free = (x, y) => !taken[y][x] && !qr_is_format(x, y, rows.length);
  let bit = 0;
  for (const [x, y] of qr_places(rows.length)) {
    if (!is_free(x, y)) continue;
    const dark = ((codewords[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1;
    rows[y][x] = (dark === 1) !== (qr_masks[mask](x, y) === 0);
    bit += 1;
  }
  return rows;
}

const qr_is_format = (x, y, size) => (x === 8 && (y < 9 || y >= size - 8)) || (y === 8 && (x < 9 || x >= size - 8));

function qr_matrix(text) {
  const content = new TextEncoder().encode(text), version = qr_version(content.length);
  if (version < 0) return undefined;
  const codewords = qr_codewords(content, version);
  const all = qr_masks.map((_, mask) => qr_masked(version, codewords, mask));
  const penalties = all.map(qr_penalty);
  return all[penalties.indexOf(Math.min(...penalties))];
}

/** Dark on light with the quiet zone of four, whatever the scheme: readers want it so. */
function qr_svg(text, label) {
  const rows = qr_matrix(text);
  if (!rows) return undefined;
  const size = rows.length + 8;
  let path = '';
  for (const [y, row] of rows.entries()) {
    for (const match of row.map(Number).join('').matchAll(/1+/g)) path += `M${match.index + 4} ${y + 4}h${match[0].length}v1h-${match[0].length}z`;
  }
  return make_svg('svg', { class: 'qr', viewBox: `0 0 ${size} ${size}`, role: 'img', 'aria-label': label, 'shape-rendering': 'crispEdges' },
    make_svg('rect', { width: size, height: size, fill: '#fff' }), make_svg('path', { d: path, fill: '#000' }));
}
