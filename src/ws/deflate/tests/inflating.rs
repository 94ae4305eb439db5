//! Inflating: the examples of RFC 7692 section 7.2.3, final blocks, the bound, and what is not whole.

use super::*;
use crate::testing::laws;
use crate::ws::CloseCode;

fn inflate(compressed: &[u8]) -> Result<Vec<u8>, InflateError> {
    Inflater::new().inflate(compressed, 1 << 20)
}

/// Section 7.2.3.1.
const HELLO: &[u8] = b"\xf2\x48\xcd\xc9\xc9\x07\x00";
/// The same as one final block: section 7.2.3.4 without the octet behind it.
const FINAL_HELLO: &[u8] = b"\xf3\x48\xcd\xc9\xc9\x07\x00";

#[test]
fn the_examples_of_the_rfc_come_out() {
    let cases: &[(&str, &[u8], &[u8])] = &[
        ("7.2.3.1, one block", HELLO, b"Hello"),
        ("7.2.3.3, no compression", b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", b"Hello"),
        ("7.2.3.4, a final block", b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00", b"Hello"),
        ("7.2.3.5, two blocks", b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", b"Hello"),
        ("7.2.3.6, nothing", b"\x00", b""),
    ];
    let mut inflater = Inflater::new();
    for &(name, compressed, payload) in cases {
        assert_eq!(inflater.inflate(compressed, 5).as_deref(), Ok(payload), "{name}");
    }
}

#[test]
fn a_message_must_not_look_back_to_the_one_before() {
    // Section 7.2.3.2: the second of two messages, for a client that takes its context over, which was not agreed.
    let mut inflater = Inflater::new();
    assert_eq!(inflater.inflate(HELLO, 100).as_deref(), Ok(&b"Hello"[..]));
    assert_eq!(inflater.inflate(b"\xf2\x00\x11\x00\x00", 100), Err(InflateError::Malformed));
    assert_eq!(inflater.inflate(HELLO, 100).as_deref(), Ok(&b"Hello"[..]), "an error leaves nothing behind");
}

/// Name, the parts of a message, its payload.
type Parts<'a> = (&'a str, &'a [&'a [u8]], &'a [u8]);

#[test]
fn a_message_goes_on_after_a_final_block_and_may_end_with_one() {
    let cases: &[Parts<'_>] = &[
        ("one, and nothing behind it", &[FINAL_HELLO], b"Hello"),
        ("one, then one that is not", &[FINAL_HELLO, HELLO], b"HelloHello"),
        ("two, then the empty block", &[FINAL_HELLO, FINAL_HELLO, b"\x00"], b"HelloHello"),
        ("three, and nothing behind them", &[FINAL_HELLO, FINAL_HELLO, FINAL_HELLO], b"HelloHelloHello"),
        ("one that is empty", &[b"\x03\x00"], b""),
        ("an empty one, then the empty block", &[b"\x03\x00", b"\x00"], b""),
        ("one without compression", &[b"\x01\x05\x00\xfa\xffHello"], b"Hello"),
        ("one without compression, then the empty block", &[b"\x01\x05\x00\xfa\xffHello", b"\x00"], b"Hello"),
        ("an empty one in the middle", &[HELLO, TAIL.as_slice(), b"\x03\x00", HELLO], b"HelloHello"),
        ("the empty block is a final one itself", &[b"\x01"], b""),
        ("and stands behind another", &[FINAL_HELLO, b"\x01"], b"Hello"),
        ("no bytes at all", &[], b""),
    ];
    for &(name, parts, payload) in cases {
        assert_eq!(inflate(&parts.concat()).as_deref(), Ok(payload), "{name}");
        // Where the empty block is not left out, the plain reading of the RFC comes to the same.
        if parts.last().is_some_and(|part| part == &HELLO || part == b"\x00") {
            assert_eq!(read_plainly(&parts.concat()).map(|read| read.0).as_deref(), Some(payload), "{name}");
        }
    }
    // As zlib ends a stream, and as it begins the next.
    let (one, two) = (noise(100_000), b"words ".repeat(20_000));
    let streams = [zlib(&one, FlushCompress::Finish), zlib(&two, FlushCompress::Finish), deflated(&one)];
    assert!(inflate(&streams.concat()) == Ok([&one[..], &two, &one].concat()));
}

#[test]
fn a_final_block_forgets_what_came_before_it() {
    // The second part looks back into the first, which stood in a stream of its own.
    assert_eq!(inflate(&[FINAL_HELLO, b"\xf2\x00\x11\x00\x00"].concat()), Err(InflateError::Malformed));
}

#[test]
fn what_is_cut_off_or_goes_on_is_malformed() {
    let long = b"the quick brown fox, and again the quick brown fox".repeat(20);
    let messages =
        [HELLO.to_vec(), deflated(&long), deflated(&noise(300)), b"\x00\x05\x00\xfa\xffHello\x00".to_vec()];
    for message in &messages {
        // The first byte of a block without compression is the message of section 7.2.3.6.
        let least = if message.starts_with(b"\x00") { 2 } else { 1 };
        for len in least..message.len() {
            assert_eq!(inflate(&message[..len]), Err(InflateError::Malformed), "{len} of {}", message.len());
        }
        for more in [&b"\x00"[..], b"\xff", b"\x00\x00\xff\xff", b"more", HELLO] {
            let longer = [message, more].concat();
            assert_eq!(inflate(&longer), Err(InflateError::Malformed), "{longer:x?}");
        }
    }
    let cases: &[(&str, &[u8])] = &[
        ("a kind of block that is not", b"\x06"),
        ("a kind of block that is not, behind a final one", b"\x03\x00\x07"),
        ("lengths that disagree", b"\x00\x05\x00\xfb\xffHello\x00"),
        ("a distance before the beginning", b"\x02\x01\x10\x00"),
        ("text", b"Hello"),
        ("zlib's header", b"\x78\x9c\xf2\x48\xcd\xc9\xc9\x07\x00"),
        ("ones", &[0xff; 20]),
    ];
    for &(name, compressed) in cases {
        assert_eq!(inflate(compressed), Err(InflateError::Malformed), "{name}");
    }
    assert_eq!(InflateError::Malformed.close_code(), CloseCode::INVALID_PAYLOAD);
}

#[test]
fn the_bound_is_kept_to_the_byte() {
    let mut inflater = Inflater::new();
    for len in [1, 5, 1000, SCRATCH - 1, SCRATCH, SCRATCH + 1, 3 * SCRATCH, 200_000] {
        for payload in [vec![b'x'; len], noise(len)] {
            for compressed in [deflated(&payload), zlib(&payload, FlushCompress::Finish)] {
                assert!(inflater.inflate(&compressed, len).as_ref() == Ok(&payload), "{len} bytes");
                assert!(inflater.inflate(&compressed, len + 1).as_ref() == Ok(&payload), "{len} bytes");
                assert_eq!(inflater.inflate(&compressed, len - 1), Err(InflateError::TooBig), "{len} bytes");
                assert_eq!(inflater.inflate(&compressed, 0), Err(InflateError::TooBig), "{len} bytes");
            }
        }
    }
    assert_eq!(inflater.inflate(b"\x00", 0), Ok(Vec::new()));
    assert_eq!(InflateError::TooBig.close_code(), CloseCode::TOO_BIG);
}

/// What the machine writes at a time.
const SCRATCH: usize = 32 << 10;

#[test]
fn what_is_reserved_follows_what_comes_out_and_ends_at_the_bound() {
    let compressed = deflated(&vec![0; 3_000_000]);
    let mut inflater = Inflater::new();
    for (max, capacity) in [(3_000_000, 3_000_000), (3_100_000, 3_100_000), (100_000_000, 4_194_304)] {
        let payload = inflater.inflate(&compressed, max).expect("it fits");
        assert_eq!((payload.len(), payload.capacity()), (3_000_000, capacity));
    }
    let payload = inflater.inflate(HELLO, usize::MAX).expect("it fits");
    assert_eq!(payload.capacity(), 5, "a small payload is no larger than it is");
}

#[test]
fn work_is_counted_whatever_came_of_it() {
    let mut inflater = Inflater::new();
    let _ = inflater.inflate(HELLO, 100);
    assert_eq!(inflater.work_bytes(), 7 + 5);
    let _ = inflater.inflate(&deflated(&vec![0; 1_000_000]), 10);
    assert!(inflater.work_bytes() > SCRATCH as u64);
}

#[test]
fn what_the_plain_reading_of_the_rfc_refuses_is_refused_and_what_it_reads_comes_out() {
    let words = deflated(&b"the quick brown fox, and again the quick brown fox. ".repeat(8));
    let samples: Vec<Vec<u8>> = vec![
        HELLO.to_vec(),
        words.clone(),
        [FINAL_HELLO, &words].concat(),
        deflated(&noise(60)),
        b"\x00\x05\x00\xfa\xffHello\x00".to_vec(),
        b"\x02\x00".to_vec(),
    ];
    let samples: Vec<&[u8]> = samples.iter().map(Vec::as_slice).collect();
    let mut inflater = Inflater::new();
    let (mut read, mut lenient) = (0, 0);
    laws::mutations(&samples, 7692, 4000, |message| {
        let naive = read_plainly(message).map(|(payload, _)| payload);
        match (inflater.inflate(message, 1 << 20), naive) {
            (Ok(payload), Some(naive)) => {
                assert_eq!(payload, naive, "{message:x?}");
                read += 1;
            }
            // One that ends right behind a final block.
            (Ok(_), None) => lenient += 1,
            (Err(error), None) => assert_eq!(error, InflateError::Malformed, "{message:x?}"),
            (Err(error), Some(_)) => panic!("{error:?}, but it can be read: {message:x?}"),
        }
    });
    assert!(read > 200 && lenient < 200, "{read} could be read, {lenient} ended with a final block");
}
