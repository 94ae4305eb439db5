//! The layers, checked: `use` lines and paths in `src/` are read, and an edge that the map forbids fails with its rule.

use std::fs;
use std::path::Path;

/// The machines of the second layer: they never import each other.
const MACHINES: [&str; 6] = ["hub", "transport", "conn", "session", "journal", "handler"];

/// Except that these may.
const MACHINE_EDGES: [(&str, &str); 2] = [("conn", "transport"), ("session", "transport")];

/// The layer of each part of the crate; the map is the crate's own documentation.
fn layer(part: &str) -> Option<u8> {
    Some(match part {
        "base" | "channel_name" | "limits" | "message" => 0,
        "http" | "ws" | "sse" | "engineio" | "socketio" => 1,
        "hub" | "transport" | "conn" | "session" | "journal" | "handler" => 2,
        "server" => 3,
        "io" | "config" | "cli" | "web" => 4,
        "main" | "lib" | "testing" => 5,
        _ => return None,
    })
}

/// Text that stands only in these places, and what to say where it does not.
const CONFINED: [(&[&str], &[&str], &str); 5] = [
    (&["mio::"], &["io/"], "mio only in io/"),
    (
        &["std::net", "std::os::unix::net", "std::thread", "std::fs"],
        &["io/", "cli/", "journal/", "config/"],
        "sockets, threads and files only in io/, cli/, journal/ and config/",
    ),
    (&["Instant::now", "SystemTime::now"], &["io/clock.rs"], "the clock is read only in io/clock.rs"),
    (&["httparse::"], &["http/"], "httparse only in http/"),
    (&["ureq::"], &["cli/"], "ureq only in cli/: the server speaks HTTP by its own codecs"),
];

/// The decoders of the tests' clients: what they may import of the crate. Whoever shares a codec with the server shares its
/// mistakes.
const DECODERS: &str = "testing/decode/";
const DECODERS_MAY: [&str; 1] = ["crate::message::MessageId"];

/// What the clients of the command line may import of the crate: who shares a codec with the server shares its mistakes.
const CLIENTS: &str = "cli/";
const CLIENTS_MAY: [&str; 4] = ["cli", "config", "io", "base"];

/// The rules that the file `path` (relative to `src/`) with this text breaks.
fn broken(path: &str, text: &str) -> Vec<String> {
    let part = path.split(['/', '.']).next().expect("split gives one");
    // Unit tests in files of their own may use anything, as those at the end of a file may.
    let is_test = path.ends_with("/tests.rs") || path.contains("/tests/");
    if path.starts_with(DECODERS) && !is_test {
        return code(text)
            .filter(|(_, line)| ["crate::", "holdline::"].iter().any(|root| line.contains(root)))
            .filter(|(_, line)| !DECODERS_MAY.iter().any(|may| line.trim() == format!("use {may};")))
            .map(|(number, line)| format!("{path}:{number}: decoders know no part of the server: {line}"))
            .collect();
    }
    if part == "testing" || is_test {
        return Vec::new();
    }
    let Some(own) = layer(part) else {
        return vec![format!(
            "{path}: {part} has no layer; give it one here and in the crate's documentation"
        )];
    };
    let mut found = Vec::new();
    for (number, line) in code(text) {
        let mut tell = |rule: String| found.push(format!("{path}:{number}: {rule}: {}", line.trim()));
        for (words, places, rule) in CONFINED {
            if words.iter().any(|w| line.contains(w)) && !places.iter().any(|p| path.starts_with(p)) {
                tell(rule.to_owned());
            }
        }
        for other in mentioned(&line) {
            if path.starts_with(CLIENTS) && !CLIENTS_MAY.contains(&&*other) {
                tell("clients know no part of the server".to_owned());
            }
            match layer(&other) {
                None => tell(format!("{other} has no layer")),
                Some(_) if other == part || matches!(part, "main" | "lib") => {}
                Some(theirs) if theirs > own => {
                    tell(format!("{part} is below {other}: imports point downwards"))
                }
                Some(2) if own == 2 && !MACHINE_EDGES.contains(&(part, &*other)) => {
                    assert!(MACHINES.contains(&part), "the second layer is the machines");
                    tell(format!("{part} and {other} are machines, which never call each other"));
                }
                Some(_) => {}
            }
        }
    }
    found
}

/// Lines of code with their numbers: without comments, and up to the unit tests, which may use anything.
fn code(text: &str) -> impl Iterator<Item = (usize, String)> {
    let tests = text.find("\n#[cfg(test)]\nmod ").unwrap_or(text.len());
    // A `use crate::{…}` over several lines counts as one line.
    let mut joined: Vec<(usize, String)> = Vec::new();
    let mut open = 0;
    for (index, line) in text[..tests].lines().enumerate() {
        let line = line.split("//").next().unwrap_or("");
        match joined.last_mut() {
            Some((_, last)) if open > 0 => last.push_str(line.trim()),
            _ => joined.push((index + 1, line.to_owned())),
        }
        let is_use = joined.last().is_some_and(|(_, l)| l.contains("crate::{"));
        let depth = |c: char| line.matches(c).count();
        open = if is_use || open > 0 { (open + depth('{')).saturating_sub(depth('}')) } else { 0 };
    }
    joined.into_iter()
}

/// The parts of the crate that a line names: `crate::hub::…`, `holdline::hub`, `crate::{hub, ws::…}`.
fn mentioned(line: &str) -> Vec<String> {
    let after = ["crate::", "holdline::"].into_iter().flat_map(|root| line.split(root).skip(1));
    after
        .flat_map(
            |rest| if let Some(list) = rest.strip_prefix('{') { listed(list) } else { vec![name(rest)] },
        )
        .filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
        .collect()
}

/// The first names of a list in braces.
fn listed(list: &str) -> Vec<String> {
    let mut depth = 0;
    let mut names = vec![String::new()];
    for c in list.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(String::new()),
            _ if depth == 0 => names.last_mut().expect("it begins with one").push(c),
            _ => {}
        }
    }
    names.iter().map(|entry| name(entry.trim())).collect()
}

fn name(text: &str) -> String {
    text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

fn visit(directory: &Path, root: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(directory).expect("the source is there") {
        let path = entry.expect("the source is there").path();
        if path.is_dir() {
            visit(&path, root, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&path).expect("source is UTF-8");
            let name = path.strip_prefix(root).expect("below src").to_str().expect("a UTF-8 path");
            found.extend(broken(name, &text));
        }
    }
}

#[test]
fn imports_point_downwards() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    visit(&root, &root, &mut found);
    found.sort();
    assert!(found.is_empty(), "forbidden edges:\n{}", found.join("\n"));
}

#[test]
fn each_rule_is_noticed_when_broken() {
    let cases = [
        ("hub/mod.rs", "use crate::transport::Encoding;", 1),
        ("transport/sse.rs", "use crate::{\n    hub::Hub,\n    message::Message,\n};", 1),
        ("conn/mod.rs", "fn f() { crate::server::run() }", 1),
        ("http/head.rs", "use crate::hub::Hub;\nuse mio::Token;", 2),
        ("server/mod.rs", "let now = Instant::now();", 1),
        ("io/turn.rs", "let now = std::time::Instant::now();", 1),
        ("ws/frame.rs", "use httparse::Request;", 1),
        ("server/files.rs", "use std::fs;", 1),
        ("newcomer.rs", "", 1),
        ("testing/decode/http.rs", "use crate::http::Head;\nuse crate::message::{Message, MessageId};", 2),
        ("testing/decode/poll.rs", "fn f() { crate::transport::poll::read() }", 1),
        ("testing/decode/poll.rs", "use crate::message::MessageId;\nuse super::Heard;", 0),
        ("testing/decode/poll/tests.rs", "use crate::transport::Encoding;", 0),
        (
            "conn/http1.rs",
            "use crate::transport::Encoding;\nuse crate::http::head;\n// crate::server is above",
            0,
        ),
        (
            "hub/log.rs",
            "use crate::base::arena;\n\n#[cfg(test)]\nmod tests { use crate::server::Server; }",
            0,
        ),
        ("io/clock.rs", "Instant::now()", 0),
        ("testing/sim.rs", "use crate::server::Server; use std::thread;", 0),
        ("main.rs", "holdline::io::run()", 0),
        ("cli/ask.rs", "use std::thread;\nuse std::net::TcpStream;\nuse crate::config::units::Unit;", 0),
        ("cli/ask.rs", "let now = Instant::now();", 1),
        ("cli/subscribe.rs", "use crate::{http::Head, base::time::Millis};", 1),
        ("server/mod.rs", "use crate::cli::remote;\nuse ureq::Agent;", 2),
    ];
    for (path, text, count) in cases {
        assert_eq!(broken(path, text).len(), count, "{path}: {text}\n{:?}", broken(path, text));
    }
}
