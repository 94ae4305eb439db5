//! DEFLATE (RFC 1951), read bit by bit: slow, and an engine of its own beside the server's.  Law: what looks back
//! beyond the beginning, over-subscribes a code or stops within a block is an error.

/// Bits of the longest code.
const BITS_MAX: usize = 15;
/// The order in which a block tells the lengths of the codes for lengths (section 3.2.7).
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// What a row of blocks says, to the end of the input.
#[derive(Debug, PartialEq, Eq)]
pub struct Blocks {
    /// The bytes.
    pub data: Vec<u8>,
    /// How far back they look at the most.
    pub reach: usize,
    /// Where the lengths of the last block without compression stand.
    pub lengths_at: Option<usize>,
}

/// Reads blocks, final ones among them, until `input` ends where a block does. What follows a final one looks back no
/// further than to its end.
pub fn blocks(input: &[u8]) -> Result<Blocks, &'static str> {
    read(input, true)
}

/// What the blocks in `input` say, none of which may be final. `window` is how far back they may look.
pub fn inflate(input: &[u8], window: usize) -> Result<Vec<u8>, &'static str> {
    let said = read(input, false)?;
    if said.reach <= window { Ok(said.data) } else { Err("a distance beyond the window") }
}

fn read(input: &[u8], may_be_final: bool) -> Result<Blocks, &'static str> {
    let mut bits = Bits { input, held: 0, count: 0 };
    let mut said = Blocks { data: Vec::new(), reach: 0, lengths_at: None };
    // Where the stream began: nothing looks back beyond it.
    let mut begin = 0;
    while bits.count > 0 || !bits.input.is_empty() {
        let is_final = bits.take(1)? == 1;
        if is_final && !may_be_final {
            return Err("a final block");
        }
        match bits.take(2)? {
            0 => {
                bits.align()?;
                said.lengths_at = Some(input.len() - bits.input.len());
                stored(&mut bits, &mut said.data)?;
            }
            1 => compressed(&mut bits, &mut said, begin, &fixed()?)?,
            2 => {
                let codes = dynamic(&mut bits)?;
                compressed(&mut bits, &mut said, begin, &codes)?;
            }
            _ => return Err("a block of no kind"),
        }
        if is_final {
            bits.align()?;
            begin = said.data.len();
        }
    }
    Ok(said)
}

/// Bits not taken yet, the lowest of each byte first.
struct Bits<'a> {
    input: &'a [u8],
    held: u32,
    /// Bits in `held`, fewer than 8 between two calls.
    count: u32,
}

impl Bits<'_> {
    /// The next `n` bits, at most 16, as a number.
    fn take(&mut self, n: u32) -> Result<usize, &'static str> {
        while self.count < n {
            let (&byte, rest) = self.input.split_first().ok_or("cut short")?;
            self.held |= u32::from(byte) << self.count;
            self.count += 8;
            self.input = rest;
        }
        let value = self.held & ((1 << n) - 1);
        self.held >>= n;
        self.count -= n;
        Ok(value as usize)
    }

    /// Leaves what is left of a byte.
    fn align(&mut self) -> Result<(), &'static str> {
        self.take(self.count).map(|_| ())
    }
}

/// Section 3.2.4, behind the end of a byte.
fn stored(bits: &mut Bits<'_>, out: &mut Vec<u8>) -> Result<(), &'static str> {
    let (len, inverse) = (bits.take(16)?, bits.take(16)?);
    if len != inverse ^ 0xffff {
        return Err("a stored block whose length is not said twice");
    }
    let (data, rest) = bits.input.split_at_checked(len).ok_or("cut short")?;
    out.extend_from_slice(data);
    bits.input = rest;
    Ok(())
}

/// A canonical Huffman code (section 3.2.2).
struct Code {
    /// How many symbols have a code of so many bits.
    counts: [usize; BITS_MAX + 1],
    /// The symbols by their codes.
    symbols: Vec<usize>,
}

impl Code {
    /// The code in which symbol `n` has `lengths[n]` bits; none if that is 0.
    fn new(lengths: &[usize]) -> Result<Self, &'static str> {
        let mut counts = [0; BITS_MAX + 1];
        for &len in lengths {
            counts[len] += 1;
        }
        counts[0] = 0;
        let left = counts[1..].iter().try_fold(1_usize, |left, &count| (left * 2).checked_sub(count));
        let used: usize = counts.iter().sum();
        // A code with one symbol, or none, has room left over.
        match left.ok_or("an over-subscribed code")? {
            0 => {}
            _ if used == counts[1] && used < 2 => {}
            _ => return Err("an incomplete code"),
        }
        let mut symbols: Vec<usize> = (0..lengths.len()).filter(|&symbol| lengths[symbol] > 0).collect();
        symbols.sort_by_key(|&symbol| lengths[symbol]);
        Ok(Code { counts, symbols })
    }

    fn next(&self, bits: &mut Bits<'_>) -> Result<usize, &'static str> {
        // The first code of this many bits, and how many symbols have shorter ones.
        let (mut code, mut first, mut shorter) = (0, 0, 0);
        for &count in &self.counts[1..] {
            code |= bits.take(1)?;
            if code < first + count {
                return self.symbols.get(shorter + code - first).copied().ok_or("no such code");
            }
            shorter += count;
            first = (first + count) * 2;
            code *= 2;
        }
        Err("no such code")
    }
}

/// Section 3.2.6: the codes for literals and lengths, and for distances.
fn fixed() -> Result<(Code, Code), &'static str> {
    let literals: Vec<usize> = [(144, 8), (112, 9), (24, 7), (8, 8)]
        .into_iter()
        .flat_map(|(count, len)| core::iter::repeat_n(len, count))
        .collect();
    Ok((Code::new(&literals)?, Code::new(&[5; 32])?))
}

/// Section 3.2.7.
fn dynamic(bits: &mut Bits<'_>) -> Result<(Code, Code), &'static str> {
    let (literals, distances) = (bits.take(5)? + 257, bits.take(5)? + 1);
    let told = bits.take(4)? + 4;
    if literals > 286 || distances > 30 {
        return Err("more symbols than there are");
    }
    let mut lengths = [0; 19];
    for &symbol in &ORDER[..told] {
        lengths[symbol] = bits.take(3)?;
    }
    let code = Code::new(&lengths)?;
    let mut lengths: Vec<usize> = Vec::new();
    while lengths.len() < literals + distances {
        let symbol = code.next(bits)?;
        let (len, times) = match symbol {
            16 => (*lengths.last().ok_or("nothing to repeat")?, 3 + bits.take(2)?),
            17 => (0, 3 + bits.take(3)?),
            18 => (0, 11 + bits.take(7)?),
            len => (len, 1),
        };
        lengths.extend(core::iter::repeat_n(len, times));
    }
    if lengths.len() > literals + distances || lengths[256] == 0 {
        return Err("lengths of codes that there are not, or no end of the block");
    }
    let (literals, distances) = lengths.split_at(literals);
    Ok((Code::new(literals)?, Code::new(distances)?))
}

/// Section 3.2.5.
fn compressed(
    bits: &mut Bits<'_>,
    Blocks { data: out, reach, .. }: &mut Blocks,
    begin: usize,
    (literals, distances): &(Code, Code),
) -> Result<(), &'static str> {
    loop {
        let symbol = literals.next(bits)?;
        let len = match symbol {
            0..256 => {
                out.push(symbol as u8);
                continue;
            }
            256 => return Ok(()),
            257..265 => symbol - 254,
            // Four symbols for each number of extra bits.
            265..285 => spread(symbol - 261, 4, bits)? + 3,
            285 => 258,
            _ => return Err("a length of no kind"),
        };
        let distance = match distances.next(bits)? {
            symbol @ 0..4 => symbol + 1,
            // Two symbols for each number of extra bits.
            symbol @ 4..30 => spread(symbol - 2, 2, bits)? + 1,
            _ => return Err("a distance of no kind"),
        };
        if distance > out.len() - begin {
            return Err("a distance beyond the beginning");
        }
        *reach = distance.max(*reach);
        for _ in 0..len {
            out.push(out[out.len() - distance]);
        }
    }
}

/// The number that the `n`-th symbol begins, where `each` symbols have the same number of extra bits, with those bits.
fn spread(n: usize, each: usize, bits: &mut Bits<'_>) -> Result<usize, &'static str> {
    let extra = n / each;
    Ok(((each + n % each) << extra) + bits.take(extra as u32)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compress, Compression, FlushCompress};

    /// What zlib makes of `data` up to and with an empty block.
    fn deflated(data: &[u8], level: u32) -> Vec<u8> {
        let mut out = Vec::with_capacity(data.len() * 2 + 1024);
        let done =
            Compress::new(Compression::new(level), false).compress_vec(data, &mut out, FlushCompress::Sync);
        assert!(done.is_ok() && out.ends_with(&[0, 0, 0xff, 0xff]));
        out
    }

    #[test]
    fn what_zlib_wrote_is_read() {
        let mut skewed = Vec::new();
        for n in 0..40_000_usize {
            skewed.push(((n * n / 7 % 251) & (n % 97)) as u8);
        }
        let text = include_bytes!("inflate.rs");
        let samples: [&[u8]; 5] = [b"", b"a", &skewed, text, &[7; 100_000]];
        for data in samples {
            for level in [0, 1, 6, 9] {
                assert!(inflate(&deflated(data, level), 1 << 15) == Ok(data.to_vec()), "level {level}");
            }
        }
    }

    #[test]
    fn blocks_of_every_kind_are_read_and_held_to_their_rules() {
        const EMPTY: &[u8] = &[0, 0, 0, 0xff, 0xff];
        type Case<'a> = (&'a [u8], Result<&'a [u8], &'a str>);
        let cases: [Case<'_>; 8] = [
            (&[], Ok(b"")),
            (EMPTY, Ok(b"")),
            (&[0, 1, 0, 0xfe, 0xff, b'x'], Ok(b"x")),
            (&[0, 1, 0, 0xfe, 0xff], Err("cut short")),
            (&[0, 1, 0, 0xff, 0xff, b'x'], Err("a stored block whose length is not said twice")),
            (&[1, 0, 0, 0xff, 0xff], Err("a final block")),
            (&[6], Err("a block of no kind")),
            // Section 3.2.6 has no length 286: its code is 11000110.
            (&[0b0001_1010, 0b0000_0011], Err("a length of no kind")),
        ];
        for (input, expected) in cases {
            assert_eq!(inflate(input, 1 << 15), expected.map(<[u8]>::to_vec), "{input:?}");
        }
    }

    #[test]
    fn behind_a_final_block_another_stream_begins() {
        const FINAL_A: &[u8] = &[1, 1, 0, 0xfe, 0xff, b'a'];
        const B: &[u8] = &[0, 1, 0, 0xfe, 0xff, b'b'];
        let said = blocks(&[FINAL_A, B].concat()).expect("two whole streams");
        assert_eq!((&*said.data, said.lengths_at), (&b"ab"[..], Some(FINAL_A.len() + 1)));
        let again = deflated(b"hello hello hello", 6);
        let said = blocks(&again).expect("whole blocks");
        assert_eq!((said.reach, said.lengths_at), (6, Some(again.len() - 4)));
        // A literal, then a length with the distance 1 (section 3.2.6): fine in one stream, not over a final block.
        let repeat = &deflated(b"aaaaaaaa", 9);
        assert_eq!(blocks(repeat).map(|said| said.reach), Ok(1));
        // The fixed code, a length of 3 with the distance 1, the end.
        let looks_back: &[u8] = &[0b0000_0010, 0b0000_0010, 0];
        assert_eq!(blocks(&[FINAL_A, looks_back].concat()), Err("a distance beyond the beginning"));
    }

    #[test]
    fn codes_are_complete() {
        for (lengths, is_fine) in [
            (&[1, 1][..], true),
            (&[1, 2, 2], true),
            (&[0, 1], true),
            (&[0, 0], true),
            (&[2, 1, 3, 3], true),
            (&[1, 1, 1], false),
            (&[1, 2], false),
            (&[2], false),
        ] {
            assert_eq!(Code::new(lengths).is_ok(), is_fine, "{lengths:?}");
        }
    }

    #[test]
    fn whatever_comes_ends_in_a_result() {
        let samples =
            [deflated(include_bytes!("inflate.rs"), 6), deflated(b"hello hello", 1), vec![4, 0, 0xff]];
        let samples: Vec<&[u8]> = samples.iter().map(Vec::as_slice).collect();
        crate::testing::laws::mutations(&samples, 7, 2000, |input| {
            let _ = inflate(input, 1 << 9);
        });
    }
}
