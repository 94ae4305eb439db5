//! Laws that every streaming decoder keeps, as functions that try to break them.

use super::dice::Dice;

/// Calls `run` with `input` whole, then split in two at every position, then byte by byte. What `run` sees must
/// not depend on the split; pieces are never empty, but a whole empty input is one empty piece.
pub fn every_split(input: &[u8], mut run: impl FnMut(&[&[u8]])) {
    run(&[input]);
    for at in 1..input.len() {
        let (front, back) = input.split_at(at);
        run(&[front, back]);
    }
    if input.len() > 2 {
        let bytes: Vec<&[u8]> = input.chunks(1).collect();
        run(&bytes);
    }
}

/// As [`every_split`] for long inputs: calls `run` with `input` whole, then in pieces whose lengths follow from `seed`,
/// then, if it has at most 512 bytes, byte by byte.
pub fn few_splits(input: &[u8], seed: u64, mut run: impl FnMut(&[&[u8]])) {
    run(&[input]);
    run(&pieces(input, seed));
    if (2..=512).contains(&input.len()) {
        run(&input.chunks(1).collect::<Vec<_>>());
    }
}

/// Cuts `input` in pieces, short ones and long ones; the same `seed` cuts in the same places.
pub fn pieces(mut input: &[u8], seed: u64) -> Vec<&[u8]> {
    let mut random = Dice::new(seed);
    let mut pieces = Vec::new();
    while !input.is_empty() {
        let reach = [2, 8, 64, 1024][random.below(4)];
        let (piece, rest) = input.split_at((1 + random.below(reach)).min(input.len()));
        pieces.push(piece);
        input = rest;
    }
    pieces
}

/// Calls `run` with `count` texts made from `samples` by a few random changes each: a byte replaced, left out or
/// doubled, a piece of another sample put in. The same `seed` gives the same texts.
pub fn mutations(samples: &[&[u8]], seed: u64, count: usize, mut run: impl FnMut(&[u8])) {
    let mut random = Dice::new(seed);
    for _ in 0..count {
        let mut text = samples[random.below(samples.len())].to_vec();
        for _ in 0..=random.below(3) {
            let other = samples[random.below(samples.len())];
            mutate(&mut text, other, &mut random);
        }
        run(&text);
    }
}

fn mutate(text: &mut Vec<u8>, other: &[u8], random: &mut Dice) {
    /// Bytes that mean something somewhere.
    const TELLING: &[u8] = b"\r\n\0\t :;,=\"\\/0159afgAF%+#*\x7f\x80\xff";
    if text.is_empty() {
        text.extend_from_slice(other);
        return;
    }
    let at = random.below(text.len());
    match random.below(4) {
        0 => text[at] = TELLING[random.below(TELLING.len())],
        1 => drop(text.remove(at)),
        2 => text.insert(at, text[at]),
        _ => {
            let end = random.below(other.len() + 1);
            let start = random.below(end + 1);
            text.splice(at..at, other[start..end].iter().copied());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_split_shows_all_of_the_input_each_time() {
        for (input, runs) in [(&b""[..], 1), (b"a", 1), (b"ab", 2), (b"abc", 4), (b"abcdef", 7)] {
            let mut seen = Vec::new();
            every_split(input, |pieces| {
                assert_eq!(pieces.concat(), input);
                seen.push(pieces.iter().map(|piece| piece.len()).collect::<Vec<_>>());
            });
            assert_eq!(seen.len(), runs, "{seen:?}");
            seen.sort();
            seen.dedup();
            assert_eq!(seen.len(), runs, "no split twice");
        }
    }

    #[test]
    fn pieces_are_not_empty_and_make_up_the_input() {
        for seed in 0..100 {
            let input: Vec<u8> = (0..=255).collect();
            let cut = pieces(&input, seed);
            assert_eq!(cut.concat(), input);
            assert_eq!(cut, pieces(&input, seed), "the same seed cuts in the same places");
            assert!(cut.iter().all(|piece| !piece.is_empty()));
        }
        assert!(pieces(b"", 1).is_empty());
    }

    #[test]
    fn mutations_are_the_same_each_time_and_differ_from_each_other() {
        let make = |seed| {
            let mut texts = Vec::new();
            mutations(&[b"one sample", b"", b"another one"], seed, 100, |text| texts.push(text.to_vec()));
            texts
        };
        let (first, again, other) = (make(1), make(1), make(2));
        assert_eq!(first, again);
        assert_ne!(first, other);
        let distinct: std::collections::BTreeSet<_> = first.iter().collect();
        assert!(distinct.len() > 50, "{}", distinct.len());
    }
}
