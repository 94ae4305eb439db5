//! What a browser makes of an event stream (WHATWG HTML, "Interpreting an event stream"), written from the standard
//! alone.  Law: knows nothing of the writer.

/// What one stream did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// In order.
    pub events: Vec<Event>,
    /// The reconnection time, if it was set.
    pub retry_ms: Option<u64>,
    /// The last event id, which stays through events that have none.
    pub last_id: String,
}

/// One event that was dispatched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub last_id: String,
    /// `message` if the stream gave none.
    pub kind: String,
    pub data: String,
}

/// Reads a whole stream.
pub fn interpret(stream: &[u8]) -> Heard {
    let text = String::from_utf8_lossy(stream);
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
    // CRLF, CR and LF all end a line.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    // What stands behind the last line end is discarded.
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let (mut heard, mut data, mut kind, mut id) =
        (Heard::default(), String::new(), String::new(), String::new());
    for line in whole.split('\n').filter(|_| text.contains('\n')) {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" if line.is_empty() => {
                heard.last_id.clone_from(&id);
                let (all, name) = (std::mem::take(&mut data), std::mem::take(&mut kind));
                if let Some(data) = all.strip_suffix('\n') {
                    let kind = if name.is_empty() { "message".to_owned() } else { name };
                    heard.events.push(Event { last_id: id.clone(), kind, data: data.to_owned() });
                }
            }
            "event" => value.clone_into(&mut kind),
            "data" => data = data + value + "\n",
            "id" if !value.contains('\0') => value.clone_into(&mut id),
            "retry" if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) => {
                heard.retry_ms = value.parse().ok();
            }
            _ => {}
        }
    }
    heard
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the standard.
    #[test]
    fn it_reads_as_the_standard_says() {
        let data = |stream: &str| -> Vec<String> {
            interpret(stream.as_bytes()).events.into_iter().map(|event| event.data).collect()
        };
        assert_eq!(data("data: YHOO\ndata: +2\ndata: 10\n\n"), ["YHOO\n+2\n10"]);
        assert_eq!(data("data\n\ndata\ndata\n\ndata:"), ["", "\n"]);
        assert_eq!(data("data:test\n\ndata: test\n\n"), ["test", "test"]);
        assert_eq!(data("\u{FEFF}data:a\r\rdata:b\r\n\r\nid: 1\n\n"), ["a", "b"]);
        let heard = interpret(
            b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n\
              retry: 10x\nevent: add\ndata: 7\nretry: 25\nid: a\0\n\nevent: gone\n\nid: 9\n\nid: 10\n",
        );
        let event = |last_id: &str, kind: &str, data: &str| Event {
            last_id: last_id.to_owned(),
            kind: kind.to_owned(),
            data: data.to_owned(),
        };
        let events = [
            event("1", "message", "first event"),
            event("", "message", "second event"),
            event("", "message", " third event"),
            event("", "add", "7"),
        ];
        assert_eq!(heard.events, events);
        assert_eq!((heard.retry_ms, &*heard.last_id), (Some(25), "9"));
    }
}
