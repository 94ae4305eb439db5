//! Each body is fed whole, split at every position and byte by byte; what comes out may not differ.

use super::*;
use crate::testing::laws::{every_split, mutations};

/// Data and number of bytes that belong to the body, or `None` where the end has not come.
type Read = Result<Option<(Vec<u8>, usize)>, BodyError>;

fn read(framing: Framing, pieces: &[&[u8]]) -> Read {
    let (mut decoder, mut data, mut taken) = (BodyDecoder::new(framing), Vec::new(), 0);
    for piece in pieces {
        let mut input = *piece;
        loop {
            match decoder.decode(&mut input) {
                Ok(Some(Decoded::Data(bytes))) => {
                    assert!(!bytes.is_empty(), "data is at least one byte");
                    data.extend_from_slice(bytes);
                }
                Ok(Some(Decoded::End)) => {
                    assert!(decoder.is_done());
                    return Ok(Some((data, taken + piece.len() - input.len())));
                }
                Ok(None) => {
                    assert!(input.is_empty() && !decoder.is_done(), "all is taken before more is asked for");
                    break;
                }
                Err(error) => {
                    assert_eq!(decoder.decode(&mut &b"0\r\n\r\n"[..]), Err(error), "it stays failed");
                    return Err(error);
                }
            }
        }
        taken += piece.len();
    }
    Ok(None)
}

fn read_in_every_split(framing: Framing, input: &[u8]) -> Read {
    let whole = read(framing, &[input]);
    every_split(input, |pieces| {
        assert_eq!(read(framing, pieces), whole, "{}", input.escape_ascii());
    });
    whole
}

#[test]
fn a_body_without_framing_is_over_at_once() {
    for framing in [Framing::None, Framing::Length(0)] {
        assert!(BodyDecoder::new(framing).is_done());
        assert_eq!(read_in_every_split(framing, b"GET"), Ok(Some((vec![], 0))));
        assert_eq!(read_in_every_split(framing, b""), Ok(Some((vec![], 0))));
    }
}

#[test]
fn a_body_of_known_length_takes_just_that() {
    let framing = Framing::Length(5);
    assert_eq!(read_in_every_split(framing, b""), Ok(None));
    assert_eq!(read_in_every_split(framing, b"hell"), Ok(None));
    assert_eq!(read_in_every_split(framing, b"hello"), Ok(Some((b"hello".to_vec(), 5))));
    assert_eq!(read_in_every_split(framing, b"hello\r\nGET"), Ok(Some((b"hello".to_vec(), 5))));
    assert_eq!(read_in_every_split(Framing::Length(u64::MAX), b"hello"), Ok(None));
}

#[test]
fn chunks_are_joined_and_what_follows_is_left() {
    let cases: [(&str, &str); 17] = [
        ("0\r\n\r\n", ""),
        ("0000000000000000\r\n\r\n", ""),
        ("5\r\nhello\r\n0\r\n\r\n", "hello"),
        ("5\r\nhello\r\n1\r\n \r\n00005\r\nworld\r\n0\r\n\r\n", "hello world"),
        ("a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ("B\r\n0\r\n\r\n6789\r\n\r\n0\r\n\r\n", "0\r\n\r\n6789\r\n"),
        ("5;a\r\nhello\r\n0;b\r\n\r\n", "hello"),
        ("5;a=b;c=\"d;\\\"e\"\r\nhello\r\n0\r\n\r\n", "hello"),
        ("5 ; a = b ;\tc\r\nhello\r\n0\r\n\r\n", "hello"),
        ("5;a=\"\u{e4}\t \"\r\nhello\r\n0\r\n\r\n", "hello"),
        ("0\r\na: b\r\n\r\n", ""),
        ("0\r\na:\r\nb:  c \t\r\n\r\n", ""),
        ("0\r\nContent-Length: 5\r\n\r\n", ""),
        ("0\r\na: \u{e4}\r\n\r\n", ""),
        ("1\r\n\n\r\n0\r\n\r\n", "\n"),
        ("2\r\n\r\n\r\n0\r\n\r\n", "\r\n"),
        ("0;a=\"b\"\r\nx: y\r\n\r\n", ""),
    ];
    for (input, data) in cases {
        let expected = Ok(Some((data.as_bytes().to_vec(), input.len())));
        assert_eq!(read_in_every_split(Framing::Chunked, input.as_bytes()), expected, "{input:?}");
        for behind in ["\r\n", "GET / HTTP/1.1\r\n", "0\r\n\r\n", "\0"] {
            let input = [input, behind].concat();
            assert_eq!(read_in_every_split(Framing::Chunked, input.as_bytes()), expected, "{input:?}");
        }
        let unfinished = &input.as_bytes()[..input.len() - 1];
        assert_eq!(read_in_every_split(Framing::Chunked, unfinished), Ok(None), "{input:?}");
    }
}

#[test]
fn what_could_be_read_differently_is_refused() {
    use BodyError::*;
    let cases: [(&[u8], BodyError); 49] = [
        // Sizes.
        (b"\r\n", ChunkSize),
        (b"\n", ChunkSize),
        (b" 5\r\n", ChunkSize),
        (b"+5\r\n", ChunkSize),
        (b"-1\r\n", ChunkSize),
        (b"0x5\r\n", ChunkSize),
        (b"5g\r\n", ChunkSize),
        (b"5_0\r\n", ChunkSize),
        (b";a\r\n", ChunkSize),
        (b"\0\r\n", ChunkSize),
        (b"\xd9\xa5\r\n", ChunkSize),
        (b"5\n", ChunkSize),
        (b"00000000000000005\r\n", ChunkTooLarge),
        (b"ffffffffffffffff0\r\n", ChunkTooLarge),
        (b"10000000000000000\r\n", ChunkTooLarge),
        // Line ends.
        (b"5\rhello", ChunkEnd),
        (b"5\r\r\n", ChunkEnd),
        (b"5\r\nhello\n", ChunkEnd),
        (b"5\r\nhello0\r\n", ChunkEnd),
        (b"5\r\nhello\r0", ChunkEnd),
        (b"5\r\nhello\r\r\n", ChunkEnd),
        (b"5\r\nhello!\r\n", ChunkEnd),
        (b"5\r\nhello\r\n\r\n", ChunkSize),
        // Extensions.
        (b"5 \r\n", Extension),
        (b"5\t\r\n", Extension),
        (b"5 5\r\n", Extension),
        (b"5;\r\n", Extension),
        (b"5;;a\r\n", Extension),
        (b"5;=a\r\n", Extension),
        (b"5;a=\r\n", Extension),
        (b"5;a b\r\n", Extension),
        (b"5;a \r\n", Extension),
        (b"5;a=b c\r\n", Extension),
        (b"5;a=b=c\r\n", Extension),
        (b"5;a\n", Extension),
        (b"5;a=\"\r\n", Extension),
        (b"5;a=\"\n", Extension),
        (b"5;a=\"\\\n", Extension),
        (b"5;a=\"b\"c\r\n", Extension),
        (b"5;a\0\r\n", Extension),
        (b"5;a=\"\0\"\r\n", Extension),
        // Trailers.
        (b"0\r\na\r\n", Trailer),
        (b"0\r\na : b\r\n", Trailer),
        (b"0\r\n: b\r\n", Trailer),
        (b"0\r\na: b\r\n folded\r\n", Trailer),
        (b"0\r\na: b\n\r\n", Trailer),
        (b"0\r\na: b\rc", Trailer),
        (b"0\r\na: b\0\r\n", Trailer),
        (b"0\r\n\n", Trailer),
    ];
    for (input, expected) in cases {
        assert_eq!(read_in_every_split(Framing::Chunked, input), Err(expected), "{}", input.escape_ascii());
    }
    assert_eq!(read_in_every_split(Framing::Chunked, b"0\r\n\r\r\n"), Err(Trailer));
}

#[test]
fn the_largest_size_is_taken_at_its_word() {
    let input = b"ffffffffffffffff\r\nhello";
    let mut decoder = BodyDecoder::new(Framing::Chunked);
    let mut rest = &input[..];
    assert_eq!(decoder.decode(&mut rest), Ok(Some(Decoded::Data(b"hello"))));
    assert_eq!(decoder.decode(&mut rest), Ok(None));
}

#[test]
fn data_comes_in_as_large_pieces_as_there_are() {
    let mut decoder = BodyDecoder::new(Framing::Chunked);
    let mut input = &b"5\r\nhello\r\n5\r\nwor"[..];
    assert_eq!(decoder.decode(&mut input), Ok(Some(Decoded::Data(b"hello"))));
    assert_eq!(decoder.decode(&mut input), Ok(Some(Decoded::Data(b"wor"))));
    assert_eq!(decoder.decode(&mut input), Ok(None));
    let mut input = &b"ld\r\n0\r\n\r\nGET"[..];
    assert_eq!(decoder.decode(&mut input), Ok(Some(Decoded::Data(b"ld"))));
    assert_eq!(decoder.decode(&mut input), Ok(Some(Decoded::End)));
    assert_eq!(decoder.decode(&mut input), Ok(Some(Decoded::End)), "the end stays the end");
    assert_eq!(input, b"GET");
}

#[test]
fn extensions_and_trailers_are_bounded_in_all() {
    const BOUND: usize = 8 << 10;
    let read_whole = |input: String| read(Framing::Chunked, &[input.as_bytes()]);
    let extension = |len: usize| format!("0;{}\r\n\r\n", "a".repeat(len - 1));
    assert!(matches!(read_whole(extension(BOUND)), Ok(Some(_))));
    assert_eq!(read_whole(extension(BOUND + 1)), Err(BodyError::TooManyExtras));
    let trailer = |len: usize| format!("0\r\na:{}\r\n\r\n", "b".repeat(len - 4));
    assert!(matches!(read_whole(trailer(BOUND)), Ok(Some(_))));
    assert_eq!(read_whole(trailer(BOUND + 1)), Err(BodyError::TooManyExtras));
    let many_chunks = |count| format!("{}0\r\n\r\n", "1;a\r\nx\r\n".repeat(count));
    assert!(matches!(read_whole(many_chunks(BOUND / 2)), Ok(Some(_))));
    assert_eq!(read_whole(many_chunks(BOUND / 2 + 1)), Err(BodyError::TooManyExtras));
    let many_trailers = |count| format!("0\r\n{}\r\n", "a:\r\n".repeat(count));
    assert!(matches!(read_whole(many_trailers(BOUND / 4)), Ok(Some(_))));
    assert_eq!(read_whole(many_trailers(BOUND / 4 + 1)), Err(BodyError::TooManyExtras));
}

#[test]
fn every_error_knows_its_answer() {
    use BodyError::*;
    for (error, status) in [
        (ChunkSize, 400),
        (ChunkTooLarge, 400),
        (ChunkEnd, 400),
        (Extension, 400),
        (Trailer, 400),
        (TooManyExtras, 431),
    ] {
        assert_eq!(error.status(), status);
        assert!(!error.detail().is_empty());
    }
}

#[test]
fn no_bytes_are_read_differently_by_their_split() {
    let samples: [&[u8]; 4] = [
        b"5\r\nhello\r\n0\r\n\r\nGET",
        b"0\r\na: b\r\nc:\r\n\r\n",
        b"a;b=\"c\\\"d\";e ;f= g\r\n0123456789\r\n0;x\r\n\r\n",
        b"1\r\nx\r\n00000000000000002\r\nyz\r\n0\r\n\r\n",
    ];
    mutations(&samples, 1, 2_000, |input| {
        let _ = read_in_every_split(Framing::Chunked, input);
    });
    mutations(&samples, 2, 200, |input| {
        let _ = read_in_every_split(Framing::Length(7), input);
    });
}
