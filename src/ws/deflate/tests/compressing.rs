//! Compressing: what is made never looks back further than its window, and each message stands alone.

use super::*;

fn payloads() -> Vec<Vec<u8>> {
    let words = "{\"price\":17.25,\"name\":\"line\"},".repeat(400).into_bytes();
    let mut all = vec![b"Hello".to_vec(), vec![0], vec![b'x'; 20_000], words];
    // What repeats that far away can be found within each window, and hardly within a smaller one.
    all.extend(WindowBits::all().map(|window| noise((2 << window.get()) / 5).repeat(3)));
    // About the size of the scratch, where a flush may need one more call.
    all.extend((32_756..32_772).step_by(5).map(noise));
    all.push(noise(66_000));
    all
}

#[test]
fn every_window_is_enough_to_read_what_was_made_with_it() {
    let mut compressors = Compressors::new();
    for window in WindowBits::all() {
        let mut longest = 0;
        for payload in payloads() {
            let compressed = compressors.compress(&payload, window);
            assert!(compressed.len() <= crate::limits::compressed_max(payload.len()));
            let (again, distance) = read_plainly(compressed).expect("it is DEFLATE");
            assert!(again == payload, "{} bytes, {window:?}", payload.len());
            longest = longest.max(distance);
            let again = Inflater::new().inflate(compressed, payload.len());
            assert!(again.as_ref() == Ok(&payload), "{} bytes, {window:?}", payload.len());
        }
        let size = 1 << window.get();
        assert!((size / 3..=size).contains(&longest), "{longest} bytes back in a window of {size}");
    }
}

#[test]
fn a_larger_window_finds_what_repeats_far_away() {
    let payload = noise(10_000).repeat(2);
    let mut compressors = Compressors::new();
    let mut len = |bits| compressors.compress(&payload, WindowBits::new(bits).expect("9 to 15")).len();
    assert!(len(9) > 20_000 && len(13) > 20_000);
    assert!(len(14) < 10_500 && len(15) < 10_500);
}

#[test]
fn each_message_is_compressed_as_if_it_were_the_first() {
    let mut compressors = Compressors::new();
    for window in [WindowBits::MIN, WindowBits::MAX] {
        for payload in payloads() {
            let alone = Compressors::new().compress(&payload, window).to_vec();
            assert!(compressors.compress(&payload, window) == alone, "{} bytes, {window:?}", payload.len());
        }
    }
}

#[test]
fn the_bytes_are_those_of_the_rfc() {
    // Sections 7.2.3.1 and 7.2.3.6.
    for window in WindowBits::all() {
        let mut compressors = Compressors::new();
        assert_eq!(compressors.compress(b"Hello", window), b"\xf2\x48\xcd\xc9\xc9\x07\x00");
        assert_eq!(compressors.compress(b"", window), b"\x00");
        assert_eq!(compressors.compress(b"Hello", window), b"\xf2\x48\xcd\xc9\xc9\x07\x00");
    }
}
