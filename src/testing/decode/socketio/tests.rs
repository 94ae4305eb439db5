use super::*;

fn whole(text: &str) -> Result<Packet, String> {
    PacketReader::default().text(text)?.ok_or_else(|| "it waits for attachments".to_owned())
}

fn told(text: &str) -> Result<Told, String> {
    whole(text)?.told()
}

#[test]
fn the_parts_of_a_packet_are_told_apart() {
    let cases = [
        (r#"0{"sid":"a"}"#, Kind::Connect, "/", None, Some(r#"{"sid":"a"}"#)),
        (r#"0/a/b,{"sid":"a"}"#, Kind::Connect, "/a/b", None, Some(r#"{"sid":"a"}"#)),
        (r#"4/a,{"message":"no"}"#, Kind::ConnectError, "/a", None, Some(r#"{"message":"no"}"#)),
        ("1", Kind::Disconnect, "/", None, None),
        ("1/a,", Kind::Disconnect, "/a", None, None),
        (r#"2["x",1]"#, Kind::Event, "/", None, Some(r#"["x",1]"#)),
        (r#"2/a,12["x"]"#, Kind::Event, "/a", Some(12), Some(r#"["x"]"#)),
        ("312[]", Kind::Ack, "/", Some(12), Some("[]")),
    ];
    for (text, kind, namespace, id, data) in cases {
        let data = data.map(str::to_owned);
        let expected = Packet { kind, namespace: namespace.to_owned(), id, data, attachments: Vec::new() };
        assert_eq!(whole(text), Ok(expected), "{text}");
    }
}

#[test]
fn what_no_server_says_is_an_error() {
    let texts = [
        "",
        "7",
        "0",
        "0[]",
        r#"01{"sid":"a"}"#,
        "1{}",
        "11",
        "2",
        "2[]",
        "2[1]",
        r#"2{"a":1}"#,
        r#"2["x""#,
        "3[]",
        "31{}",
        "4",
        r#"2/a["x"]"#,
        r#"5["x"]"#,
        r#"50-["x"]"#,
        r#"2["x"]y"#,
    ];
    for text in texts {
        assert!(whole(text).is_err(), "{text}");
    }
}

#[test]
fn attachments_go_where_they_belong() {
    let text = r#"52-/a,3["x",{"_placeholder":true,"num":0},{"k":[{"_placeholder":true,"num":1}],"s":"{\"_placeholder\":true,\"num\":7}"}]"#;
    let mut reader = PacketReader::default();
    assert_eq!(reader.text(text), Ok(None));
    assert_eq!(reader.binary(vec![1, 2]), Ok(None));
    let packet = reader.binary(vec![3]).expect("it is fine").expect("it is whole");
    let json =
        r#"["x",{"$base64":"AQI="},{"k":[{"$base64":"Aw=="}],"s":"{\"_placeholder\":true,\"num\":7}"}]"#;
    assert_eq!(packet.data.as_deref(), Some(json));
    assert_eq!((packet.kind, packet.id), (Kind::Event, Some(3)));
}

#[test]
fn attachments_out_of_place_are_errors() {
    let attached = |text: &str, count: usize| -> Result<(), String> {
        let mut reader = PacketReader::default();
        reader.text(text)?;
        (0..count).try_for_each(|_| reader.binary(vec![1]).map(|_| ()))
    };
    let placeholder = |num: usize| format!(r#"{{"_placeholder":true,"num":{num}}}"#);
    let (zero, one) = (placeholder(0), placeholder(1));
    assert_eq!(attached(&format!(r#"52-["x",{zero},{one}]"#), 2), Ok(()));
    for (text, count) in [
        (format!(r#"52-["x",{one},{zero}]"#), 2),
        (format!(r#"52-["x",{zero},{zero}]"#), 2),
        (format!(r#"52-["x",{zero}]"#), 2),
        (format!(r#"51-["x",{zero},{one}]"#), 1),
        (format!(r#"51-["x",{zero}]"#), 2),
        (r#"2["x",1]"#.to_owned(), 1),
    ] {
        assert!(attached(&text, count).is_err(), "{text}");
    }
    let mut reader = PacketReader::default();
    assert_eq!(reader.text(&format!(r#"51-["x",{zero}]"#)), Ok(None));
    assert!(reader.text("1").is_err(), "an attachment is due");
}

#[test]
fn events_are_messages_questions_and_notices() {
    let message = |channel: Option<&str>, arguments: Vec<Argument>| Told::Message {
        id: MessageId::new(5, 1),
        channel: channel.map(str::to_owned),
        event: "x".to_owned(),
        arguments,
    };
    let json = |text: &str| Argument::Json(text.to_owned());
    let text = Argument::Text("t".to_owned());
    let cases = [
        (r#"2["x",1,"5-1"]"#, message(None, vec![json("1")])),
        (r#"2["x","5-1"]"#, message(None, Vec::new())),
        (r#"2["x","t","5-1"]"#, message(None, vec![text.clone()])),
        (r#"2["x",{"a":1},{"channel":"b"},"5-1"]"#, message(Some("b"), vec![json(r#"{"a":1}"#)])),
        (r#"2["x",{"channel":"b"},"5-1"]"#, message(None, vec![json(r#"{"channel":"b"}"#)])),
        (
            r#"2["x",1,{"channel":"b","replay":true}]"#,
            Told::Replayed { channel: "b".to_owned(), event: "x".to_owned(), arguments: vec![json("1")] },
        ),
        (r#"2["x","t",null,"5-1"]"#, message(None, vec![text, json("null")])),
        (
            r#"29["x",1]"#,
            Told::Question {
                number: 9,
                channel: None,
                replay: false,
                event: "x".to_owned(),
                arguments: vec![json("1")],
            },
        ),
        (
            r#"2["holdline:gap",{"channel":"a","after":"1-0","resumes":"2-0"}]"#,
            Told::Notice(Heard::Gap {
                channel: "a".to_owned(),
                after: MessageId::new(1, 0),
                resumes: MessageId::new(2, 0),
            }),
        ),
        (r#"2["holdline:closed",{"channel":"a"}]"#, Told::Notice(Heard::Closed { channel: "a".to_owned() })),
    ];
    for (packet, expected) in cases {
        assert_eq!(told(packet), Ok(expected), "{packet}");
    }
    let wrong = [
        r#"2["x"]"#,
        r#"2["x",1]"#,
        r#"2["x",1,"5"]"#,
        r#"2["x",1,{"channel":"b","replay":false}]"#,
        r#"2["holdline:gap"]"#,
        r#"2["holdline:other",{}]"#,
        r#"21["holdline:closed",{"channel":"a"}]"#,
        r#"2["holdline:closed",{"channel":"a"},"5-1"]"#,
    ];
    for packet in wrong {
        assert!(told(packet).is_err(), "{packet}");
    }
}

#[test]
fn an_attachment_alone_is_bytes_and_several_arguments_are_an_array() {
    let mut reader = PacketReader::default();
    assert_eq!(reader.text(r#"51-["x",{"_placeholder":true,"num":0},"5-1"]"#), Ok(None));
    let packet = reader.binary(vec![255]).expect("it is fine").expect("it is whole");
    let Ok(Told::Message { arguments, .. }) = packet.told() else { panic!("a message") };
    assert_eq!(arguments, [Argument::Binary(vec![255])]);
    assert_eq!(payload(&arguments), (vec![255], false));
    let several =
        [Argument::Text("\"".to_owned()), Argument::Json("1".to_owned()), Argument::Binary(vec![255])];
    assert_eq!(payload(&several), (br#"["\"",1,{"$base64":"/w=="}]"#.to_vec(), true));
}

#[test]
fn what_a_client_says_is_spelled_as_its_parts() {
    assert_eq!(packet(0, 0, "/", None, ""), "40");
    assert_eq!(packet(0, 0, "/a", None, "{}"), "40/a,{}");
    assert_eq!(packet(2, 0, "/a/b", Some(7), r#"["x"]"#), r#"42/a/b,7["x"]"#);
    assert_eq!(packet(5, 2, "/", Some(7), "[]"), "452-7[]");
}
