//! Cutting an input.  Law to test with it: how bytes were cut does not matter.

/// Calls `run` with the input whole, cut in two at each position, and byte by byte.
pub fn every_split(input: &[u8], mut run: impl FnMut(&[&[u8]])) {
    run(&[input]);
    for at in 0..=input.len() {
        let (front, back) = input.split_at(at);
        run(&[front, back]);
    }
    let bytes: Vec<&[u8]> = input.chunks(1).collect();
    run(&bytes);
}

/// Reads the input in every split, and sees that all come to the `expected` outcome.
pub fn always_comes_to(name: &str, input: &[u8], max_message: usize, expected: &super::Outcome) {
    every_split(input, |parts| {
        let lens = || parts.iter().map(|part| part.len()).collect::<Vec<_>>();
        assert_eq!(&super::receive(parts, max_message), expected, "{name}, in parts of {:?}", lens());
    });
}
