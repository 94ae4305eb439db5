use super::*;
use crate::testing::laws::every_split;

const BARE: bool = true;
const OPENING: &str = "retry: 2000\nid: 4-0\nevent: holdline:position\n\
    data: {\"client\":\"AAAAAAAAAAAAAAAA\",\"session\":\"0123456789012345678901\"}\n\n";
const ENVELOPE: &str = "{\"id\":\"5-1\",\"channel\":\"a\",\"event\":\"tick\",\"data\":\"x\",\"time\":\"1970-01-01T00:00:00.005Z\"}";
const BINARY: &str =
    "{\"id\":\"5-1\",\"channel\":\"a\",\"data_base64\":\"AA==\",\"time\":\"1970-01-01T00:00:00.005Z\"}";
const ID: MessageId = MessageId::new(5, 1);

fn cut(pieces: &[&[u8]]) -> Result<Vec<Block>, String> {
    let mut reader = Blocks::default();
    let mut blocks = Vec::new();
    for piece in pieces {
        blocks.extend(reader.push(piece)?);
    }
    reader.finish().map(|()| blocks)
}

fn heard(is_bare: bool, pieces: &[&[u8]]) -> Result<Vec<Heard>, String> {
    let mut stream = SseReader::new(is_bare);
    let mut heard = Vec::new();
    for piece in pieces {
        heard.extend(stream.push(piece)?);
    }
    stream.finish().map(|()| heard)
}

fn bare(event: Option<&str>, data: &str) -> Heard {
    let (event, data) = (event.map(str::to_owned), data.into());
    Heard::Message { id: ID, channel: None, event, ask: None, data, is_json: false, replay: false }
}

#[test]
fn blocks_are_what_a_browser_makes_of_them() {
    let some = |text: &str| Some(text.to_owned());
    let cases: [(&str, Block); 6] = [
        ("data: a\n\n", Block { data: some("a"), ..Block::default() }),
        ("data:\ndata:  b\ndata:c: d\n\n", Block { data: some("\n b\nc: d"), ..Block::default() }),
        (
            "id: 5-1\nevent: e:f\nretry: 07\ndata:\n\n",
            Block { id: Some(ID), event: some("e:f"), retry: Some(7), data: some(""), comment: None },
        ),
        (": a comment\n\n", Block { comment: some("a comment"), ..Block::default() }),
        (":\n\n", Block { comment: some(""), ..Block::default() }),
        ("data: é\u{2028}\0\n\n", Block { data: some("é\u{2028}\0"), ..Block::default() }),
    ];
    for (text, block) in &cases {
        every_split(text.as_bytes(), |pieces| assert_eq!(cut(pieces), Ok(vec![block.clone()]), "{pieces:?}"));
    }
    let (all, expected): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
    assert_eq!(blocks(all.concat().as_bytes()), Ok(expected));
}

#[test]
fn what_a_browser_would_mend_or_skip_is_an_error() {
    let texts = [
        "data: a",
        "data: a\n",
        "\n",
        "data: a\n\n\n",
        "data\n\n",
        " data: a\n\n",
        "Data: a\n\n",
        "other: a\n\n",
        "data: a\r\n\r\n",
        "data: a\rdata: b\n\n",
        "\u{feff}data: a\n\n",
        "id: 5-1\nid: 5-1\n\n",
        "id: 5\n\n",
        "id:\n\n",
        "event: a\nevent: a\n\n",
        "event:\n\n",
        "retry: 1\nretry: 1\n\n",
        "retry: +1\n\n",
        "retry: 1s\n\n",
        "retry:\n\n",
        ": a\n: b\n\n",
    ];
    for text in texts {
        every_split(text.as_bytes(), |pieces| assert!(cut(pieces).is_err(), "{text:?}"));
    }
    assert!(blocks(b"data: \xff\n\n").is_err());
}

#[test]
fn a_bare_stream_is_heard_in_every_cut() {
    let cursor = MessageId::new(4, 0);
    let gap = "{\"notice\":\"gap\",\"channel\":\"a\",\"after\":\"4-0\",\"resumes\":\"5-1\"}";
    let stream = [
        OPENING,
        "id: 5-1\ndata: one\ndata: two\n\n:\n\nid: 5-1\nevent: tick\ndata:\n\n",
        &format!("event: holdline:gap\ndata: {gap}\n\nid: 5-1\nevent: holdline:binary\ndata: {BINARY}\n\n"),
        "id: 5-1\nevent: holdline:position\ndata:\n\n",
        "event: holdline:closed\ndata: {\"notice\":\"closed\",\"channel\":\"a\"}\n\n",
        "retry: 9\nevent: holdline:shutdown\ndata: {\"notice\":\"shutdown\",\"reconnect_ms\":9}\n\n",
    ]
    .concat();
    let (channel, data) = (Some("a".to_owned()), vec![0]);
    let expected = vec![
        Heard::Retry { ms: 2000 },
        Heard::Position { cursor },
        bare(None, "one\ntwo"),
        Heard::Heartbeat,
        bare(Some("tick"), ""),
        Heard::Gap { channel: "a".to_owned(), after: cursor, resumes: ID },
        Heard::Message { id: ID, channel, event: None, ask: None, data, is_json: false, replay: false },
        Heard::Position { cursor: ID },
        Heard::Closed { channel: "a".to_owned() },
        Heard::Retry { ms: 9 },
        Heard::Shutdown { reconnect_ms: 9 },
    ];
    every_split(stream.as_bytes(), |pieces| assert_eq!(heard(BARE, pieces).as_ref(), Ok(&expected)));
}

#[test]
fn the_last_id_is_remembered_as_a_browser_does() {
    let mut stream = SseReader::new(BARE);
    assert_eq!((stream.last_event_id(), stream.greeting()), (None, None));
    let remembered = |stream: &mut SseReader, text: &str| {
        stream.push(text.as_bytes()).expect("a proper stream");
        stream.last_event_id().map(|id| id.to_string()).unwrap_or_default()
    };
    assert_eq!(remembered(&mut stream, OPENING), "4-0");
    assert_eq!(stream.greeting().map(|greeting| &*greeting.client), Some("AAAAAAAAAAAAAAAA"));
    assert_eq!(remembered(&mut stream, "id: 5-1\ndata: a\n"), "4-0", "the block is not whole");
    assert_eq!(remembered(&mut stream, "\n:\n\n"), "5-1");
}

#[test]
fn envelopes_say_the_same_as_their_blocks() {
    let read = |text: &str| heard(!BARE, &[format!("{OPENING}{text}\n\n").as_bytes()]);
    let good = format!("id: 5-1\nevent: tick\ndata: {ENVELOPE}");
    let read_good = read(&good).expect("a proper stream");
    let Some(Heard::Message { channel, event, .. }) = read_good.last() else { panic!("{read_good:?}") };
    assert_eq!((channel.as_deref(), event.as_deref()), (Some("a"), Some("tick")));
    assert!(read(&format!("id: 5-1\ndata: {BINARY}")).is_ok());
    for bad in [
        good.replace("id: 5-1", "id: 5-2"),
        good.replace("event: tick\n", ""),
        good.replace("event: tick", "event: tack"),
        good.replace("event: tick", "event: holdline:binary"),
        good.replace("data: {", "data: {\ndata: "),
        "id: 5-1\ndata: x".to_owned(),
    ] {
        assert!(read(&bad).is_err(), "{bad}");
    }
}

#[test]
fn what_the_contract_does_not_know_is_an_error() {
    let blocks = [
        "data: a",
        "id: 5-1\nevent: open\ndata: a",
        "id: 5-1\nevent: holdline:other\ndata: a",
        "id: 5-1",
        "event: tick",
        "event: holdline:position\ndata:",
        "id: 5-1\nevent: holdline:position\ndata: a",
        "event: holdline:closed\ndata: {\"notice\":\"gap\",\"channel\":\"a\",\"after\":\"4-0\",\"resumes\":\"5-1\"}",
        "id: 5-1\nevent: holdline:closed\ndata: {\"notice\":\"closed\",\"channel\":\"a\"}",
        "event: holdline:shutdown\ndata: {\"notice\":\"shutdown\",\"reconnect_ms\":9}",
        "retry: 8\nevent: holdline:shutdown\ndata: {\"notice\":\"shutdown\",\"reconnect_ms\":9}",
        "event: holdline:reload\ndata: {\"notice\":\"reload\",\"since\":\"4-0\"}",
        ": a word",
        "retry: 5\n: 503 the server is full",
    ];
    for block in blocks {
        let stream = format!("{OPENING}{block}\n\n");
        assert!(heard(BARE, &[stream.as_bytes()]).is_err(), "{block}");
    }
    assert!(
        heard(!BARE, &[format!("{OPENING}id: 5-1\nevent: holdline:binary\ndata: {BINARY}\n\n").as_bytes()])
            .is_err()
    );
}

#[test]
fn a_stream_begins_with_a_position_or_is_refused() {
    let refused = vec![Heard::Retry { ms: 3100 }, Heard::Refused { status: 503 }];
    assert_eq!(heard(BARE, &[b"retry: 3100\n: 503 the server is full\n\n"]), Ok(refused));
    for stream in [
        ":\n\n".to_owned(),
        "id: 5-1\ndata: a\n\n".to_owned(),
        OPENING.replace("retry: 2000\n", ""),
        OPENING.replace("data: {", "data: {\"a\":1,"),
        OPENING.replace("client", "klient"),
        "retry: 3100\n: 404 not found\n\n".to_owned(),
        ": 503 the server is full\n\n".to_owned(),
        "retry: 3100\n: 503 the server is full\n\nretry: 5\n\n".to_owned(),
        format!(
            "{OPENING}retry: 9\nevent: holdline:shutdown\ndata: {{\"notice\":\"shutdown\",\"reconnect_ms\":9}}\n\n:\n\n"
        ),
    ] {
        assert!(heard(BARE, &[stream.as_bytes()]).is_err(), "{stream:?}");
    }
}
