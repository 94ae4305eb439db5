//! Laws that every streaming decoder keeps, as functions that try to break them.

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
}
