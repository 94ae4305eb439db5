use super::*;
use crate::testing::laws::every_split;

/// Reads `bytes` in `pieces` to the end of the connection; pieces of one body are joined.
fn read(asked: &[bool], pieces: &[&[u8]]) -> Result<Vec<HttpPart>, String> {
    let mut reader = ResponseReader::default();
    asked.iter().for_each(|&head_only| reader.expect(head_only));
    let mut parts: Vec<HttpPart> = Vec::new();
    for piece in pieces {
        reader.push(piece);
        for part in reader.all()? {
            match (parts.last_mut(), part) {
                (Some(HttpPart::Body(front)), HttpPart::Body(piece)) => front.extend(piece),
                (_, part) => parts.push(part),
            }
        }
    }
    reader.finish()?;
    Ok(parts)
}

/// Parts in short: statuses, bodies, ends.
fn told(parts: &[HttpPart]) -> String {
    let words = parts.iter().map(|part| match part {
        HttpPart::Continue => "continue".to_owned(),
        HttpPart::Head(head) => head.status.to_string(),
        HttpPart::Body(body) => String::from_utf8_lossy(body).into_owned(),
        HttpPart::End => ".".to_owned(),
        HttpPart::Switched => "switched".to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn responses_are_the_same_in_every_cut() {
    const GET: bool = false;
    const HEAD: bool = true;
    let cases: [(&[bool], &str, &str); 17] = [
        (&[], "", ""),
        (&[GET], "", ""),
        (&[GET], "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200 hello ."),
        (&[GET], "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "200 ."),
        (&[HEAD], "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "200 ."),
        (&[HEAD], "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "200 ."),
        (&[HEAD], "HTTP/1.1 200 OK\r\n\r\n", "200 ."),
        (&[GET], "HTTP/1.1 304 Not Modified\r\nETag: \"1-0\"\r\n\r\n", "304 ."),
        (&[GET], "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", "204 ."),
        (
            &[GET, HEAD, GET],
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n\
             HTTP/1.1 404 \r\nContent-Length: 1\r\n\r\nb",
            "200 a . 200 . 404 b .",
        ),
        (
            &[GET],
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
            "continue 200 a .",
        ),
        (&[GET], "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "200 ."),
        (
            &[GET],
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0003\r\n\r\n0\r\n0a\r\n0123456789\r\n0\r\n\r\n",
            "200 \r\n00123456789 .",
        ),
        (
            &[GET, GET],
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n1\r\na\r\n0\r\n\r\n",
            "200 a .",
        ),
        (&[GET], "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc", "200 abc"),
        (&[GET], "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", "200"),
        (&[GET], "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n\x01\x02", "101 switched"),
    ];
    for (asked, bytes, expected) in cases {
        every_split(bytes.as_bytes(), |pieces| {
            let parts = read(asked, pieces).unwrap_or_else(|error| panic!("{error} in {bytes:?}"));
            assert_eq!(told(&parts), expected, "{pieces:?}");
        });
    }
}

#[test]
fn what_is_malformed_or_unasked_for_is_an_error_in_every_cut() {
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunked = |body: &str| format!("{CHUNKED}{body}");
    let cases = [
        "x".to_owned(),
        "\r\nHTTP/1.1 200 OK\r\n\r\n".to_owned(),
        "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: 01\r\n\r\na".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n".to_owned(),
        "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "HTTP/1.1 101 Switching Protocols\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "HTTP/1.1 102 Processing\r\n\r\n".to_owned(),
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n".to_owned(),
        "HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\nH".to_owned(),
        chunked(""),
        chunked("0\r\n"),
        chunked("1\r\na\r\n"),
        chunked("\r\n"),
        chunked("1 \r\na\r\n0\r\n\r\n"),
        chunked("1;a=b\r\na\r\n0\r\n\r\n"),
        chunked("0x1\r\na\r\n0\r\n\r\n"),
        chunked("-1\r\na\r\n0\r\n\r\n"),
        chunked("1\na\r\n0\r\n\r\n"),
        chunked("1\ra\r\n0\r\n\r\n"),
        chunked("1\r\nab\r\n0\r\n\r\n"),
        chunked("1\r\na\n0\r\n\r\n"),
        chunked("00000000000000001\r\na\r\n0\r\n\r\n"),
        chunked("1\r\na\r\n0\r\nA: b\r\n\r\n"),
    ];
    for bytes in cases {
        every_split(bytes.as_bytes(), |pieces| {
            assert!(read(&[false], pieces).is_err(), "{pieces:?}");
        });
    }
    assert!(
        read(&[true], &[b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"]).is_err(),
        "a HEAD has no body"
    );
    assert!(read(&[true], &[b"HTTP/1.1 101 Switching Protocols\r\n\r\n"]).is_err());
    assert!(read(&[], &[b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"]).is_err());
}

#[test]
fn a_head_without_an_end_is_noticed() {
    let mut reader = ResponseReader::default();
    reader.expect(false);
    reader.push(b"HTTP/1.1 200 OK\r\nA: ");
    reader.push(&vec![b'x'; HEAD_MAX]);
    assert!(reader.next_part().is_err());
}

#[test]
fn a_body_comes_piece_by_piece() {
    let mut reader = ResponseReader::default();
    reader.expect(false);
    reader.push(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe");
    assert_eq!(told(&reader.all().expect("proper")), "200 he");
    assert_eq!(reader.unanswered(), 0);
    reader.push(b"l");
    assert_eq!(told(&reader.all().expect("proper")), "l");
}

#[test]
fn bytes_behind_a_101_are_handed_on() {
    let mut reader = ResponseReader::default();
    reader.expect(false);
    reader.push(b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x81");
    assert_eq!(told(&reader.all().expect("proper")), "101 switched");
    reader.push(b"\x00");
    assert_eq!(reader.all(), Ok(Vec::new()));
    assert_eq!(reader.into_rest(), b"\x81\x00");
}
