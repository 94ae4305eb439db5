//! DEFLATE (RFC 1951) read bit by bit: slow, simple, and no code of zlib's. It tells how far a message looks back, which
//! zlib-rs does not check: its inflater keeps the largest window whatever it was asked for.

/// What stands in a message's data (RFC 7692 section 7.2.2), and the longest distance in it. The last block must be
/// the empty one whose lengths the sender left out.
pub fn inflate(compressed: &[u8]) -> Option<(Vec<u8>, usize)> {
    let data = [compressed, &super::TAIL].concat();
    let mut reader = Reader { data: &data, bit: 0, begin: 0, out: Vec::new(), longest: 0, lengths_at: 0 };
    while reader.bit < 8 * data.len() {
        let is_final = reader.bits(1)? == 1;
        match reader.bits(2)? {
            0 => reader.stored()?,
            1 => reader.coded(&fixed_literals(), &Code::new(&[5; 30]))?,
            2 => reader.dynamic()?,
            _ => return None,
        }
        if is_final {
            reader.align();
            reader.begin = reader.out.len();
        }
    }
    (reader.lengths_at == 8 * compressed.len()).then_some((reader.out, reader.longest))
}

struct Reader<'a> {
    data: &'a [u8],
    bit: usize,
    /// Where the stream began: nothing looks back beyond it.
    begin: usize,
    out: Vec<u8>,
    longest: usize,
    /// The bit where the lengths of the last block without compression stand.
    lengths_at: usize,
}

impl Reader<'_> {
    /// A number, its lowest bit first.
    fn bits(&mut self, count: usize) -> Option<usize> {
        let mut number = 0;
        for place in 0..count {
            let byte = self.data.get(self.bit / 8)?;
            number |= usize::from(byte >> (self.bit % 8) & 1) << place;
            self.bit += 1;
        }
        Some(number)
    }

    fn align(&mut self) {
        self.bit = self.bit.next_multiple_of(8);
    }

    fn stored(&mut self) -> Option<()> {
        self.align();
        self.lengths_at = self.bit;
        let (len, check) = (self.bits(16)?, self.bits(16)?);
        if len ^ check != 0xffff {
            return None;
        }
        for _ in 0..len {
            let byte = self.bits(8)? as u8;
            self.out.push(byte);
        }
        Some(())
    }

    fn dynamic(&mut self) -> Option<()> {
        const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
        let (literals, distances, codes) = (self.bits(5)? + 257, self.bits(5)? + 1, self.bits(4)? + 4);
        let mut lengths = [0; 19];
        for &place in &ORDER[..codes] {
            lengths[place] = self.bits(3)?;
        }
        let code = Code::new(&lengths);
        let mut lengths = Vec::new();
        while lengths.len() < literals + distances {
            let (length, times) = match self.symbol(&code)? {
                16 => (*lengths.last()?, 3 + self.bits(2)?),
                17 => (0, 3 + self.bits(3)?),
                18 => (0, 11 + self.bits(7)?),
                length => (length, 1),
            };
            lengths.resize(lengths.len() + times, length);
        }
        let (literals, distances) = lengths.split_at(literals);
        self.coded(&Code::new(literals), &Code::new(distances))
    }

    fn coded(&mut self, literals: &Code, distances: &Code) -> Option<()> {
        loop {
            match self.symbol(literals)? {
                256 => return Some(()),
                byte @ 0..256 => self.out.push(byte as u8),
                symbol => {
                    let (base, extra) = *LENGTHS.get(symbol - 257)?;
                    let length = base + self.bits(extra)?;
                    let symbol = self.symbol(distances)?;
                    let extra = (symbol / 2).saturating_sub(1);
                    let base = if symbol < 4 { symbol + 1 } else { ((2 + symbol % 2) << extra) + 1 };
                    let distance = base + self.bits(extra)?;
                    self.copy(length, distance)?;
                }
            }
        }
    }

    fn copy(&mut self, length: usize, distance: usize) -> Option<()> {
        self.longest = self.longest.max(distance);
        for _ in 0..length {
            let from = self.out.len().checked_sub(distance).filter(|from| *from >= self.begin)?;
            self.out.push(self.out[from]);
        }
        Some(())
    }

    /// One symbol, its code's highest bit first.
    fn symbol(&mut self, code: &Code) -> Option<usize> {
        let mut word = 1;
        while word < 1 << 16 {
            word = word << 1 | self.bits(1)?;
            if let Some(&symbol) = code.0.get(&word) {
                return Some(symbol);
            }
        }
        None
    }
}

/// Symbols by their codes, each with a 1 in front that keeps its length.
struct Code(std::collections::HashMap<usize, usize>);

impl Code {
    /// RFC 1951 section 3.2.2.
    fn new(lengths: &[usize]) -> Code {
        let (mut symbols, mut word) = (std::collections::HashMap::new(), 0);
        for length in 1..=15 {
            word <<= 1;
            for (symbol, _) in lengths.iter().enumerate().filter(|(_, of)| **of == length) {
                symbols.insert(1 << length | word, symbol);
                word += 1;
            }
        }
        Code(symbols)
    }
}

fn fixed_literals() -> Code {
    let length = |symbol| match symbol {
        0..144 | 280..288 => 8,
        144..256 => 9,
        _ => 7,
    };
    Code::new(&(0..288).map(length).collect::<Vec<_>>())
}

/// The least length of each symbol from 257 on, and how many bits are added to it.
const LENGTHS: [(usize, usize); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];
