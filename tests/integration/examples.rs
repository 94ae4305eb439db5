//! The scripts in examples/curl, run as a reader of them would: against the real binary, with the system's shell and curl.

use crate::support::process::Server;
use crate::support::relay::Relay;
use crate::support::until;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

/// A script that runs. It is ended when dropped, with all that it started.
struct Script {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Script {
    fn start(url: &str, name: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Script {
        let path = format!("{}/examples/curl/{name}", env!("CARGO_MANIFEST_DIR"));
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 2>&1", &path])
            .args(arguments)
            .env("HOLDLINE_URL", url)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // A group of its own, for its end is that of its curl.
            .process_group(0)
            .spawn()
            .expect("the script is there and may be run");
        let said = Arc::new(Mutex::new(String::new()));
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let shared = said.clone();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                *shared.lock().expect("nobody panics with it") += &(line + "\n");
            }
        });
        Script { child, said }
    }

    fn said(&self) -> String {
        self.said.lock().expect("nobody panics with it").clone()
    }

    /// Waits until it has said this.
    #[track_caller]
    fn await_said(&self, text: &str) {
        until(&format!("{text:?} from a script"), || self.said().contains(text));
    }

    /// Tells it and its curl to end.
    fn end(&self) {
        let group = format!("kill -TERM -{} 2>/dev/null", self.child.id());
        let _ = Command::new("sh").args(["-c", &group]).status();
    }

    /// Waits until it has ended.
    #[track_caller]
    fn exit_code(&mut self) -> Option<i32> {
        let mut ended = None;
        until("the script ends", || {
            ended = self.child.try_wait().expect("our own child");
            ended.is_some()
        });
        ended.and_then(|status| status.code())
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.end();
        let _ = self.child.wait();
    }
}

/// A folder for the cursor of a script, empty.
fn state(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("examples").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("cargo's folder for tests can be written to");
    folder.into_os_string().into_string().expect("UTF-8 as cargo's own paths")
}

#[test]
fn publish_sh_publishes_in_every_form() {
    let server = Server::start(&[]);
    let mut script = Script::start(&server.origin(), "publish.sh", &["news/today"], &[]);
    assert_eq!(script.exit_code(), Some(0));
    let batch = server.connect().get("/channels/news/today?since=start").expect(200).json();
    let messages = batch["messages"].as_array().expect("a list");
    let show = |message: &serde_json::Value| {
        let data = message.get("data").or(message.get("data_base64")).expect("data");
        let event = message["event"].as_str().unwrap_or("-");
        format!("{event} {}", data.as_str().map_or_else(|| data.to_string(), str::to_owned))
    };
    // What is not retained is not there.
    let expected = [
        "- hello",
        r#"- {"price":12.5,"symbol":"ACME"}"#,
        "- AQL/",
        "price 12.5",
        "- 12.75",
        "- once",
        "- text",
        r#"price {"price":13,"symbol":"ACME"}"#,
    ];
    assert_eq!(messages.iter().map(show).collect::<Vec<_>>(), expected);
    until("an answer to each", || script.said().matches(r#"{"id":""#).count() == 8);
}

/// Runs a follower, which must say each message once: those that come while it runs, those that came between two runs,
/// and then that some are lost.
fn follows(name: &str, arguments: &[&str], cursor_file: &str, old_cursor: &str, figure: &str) {
    let server = Server::start(&[]);
    let (folder, mut said) = (state(name), String::new());
    let environment = [("STATE", folder.as_str())];
    for (run, before) in [(1, ""), (2, "while nobody ran"), (3, "")] {
        if !before.is_empty() {
            server.publish("demo", before);
        }
        let script = Script::start(&server.origin(), name, arguments, &environment);
        script.await_said(before);
        server.await_figure(figure, |is| is == 1);
        server.publish("demo", &format!("in run {run}"));
        script.await_said(&format!("in run {run}"));
        until("the cursor is remembered", || {
            let newest = server.connect().get("/channels/demo?last=1").expect(200).json();
            let cursor = std::fs::read_to_string(format!("{folder}/{cursor_file}")).unwrap_or_default();
            cursor.contains(newest["messages"][0]["id"].as_str().expect("an id"))
        });
        said += &script.said();
        drop(script);
        server.await_figure(figure, |is| is == 0);
    }
    let mut rest = &*said;
    for text in ["in run 1", "while nobody ran", "in run 2", "in run 3"] {
        assert_eq!(said.matches(text).count(), 1, "{text:?} once in {said}");
        let at = rest.find(text).unwrap_or_else(|| panic!("{text:?} in its order in {said}"));
        rest = &rest[at..];
    }
    assert!(!said.contains("lost") && !said.contains(r#""gap":true"#), "{said}");

    std::fs::write(format!("{folder}/{cursor_file}"), old_cursor).expect("the script's own file");
    let script = Script::start(&server.origin(), name, arguments, &environment);
    script.await_said("in run 3");
    let said = script.said();
    assert!(said.contains("some messages are lost") || said.contains(r#""gap":true"#), "{said}");
}

#[test]
fn sse_sh_follows_and_goes_on() {
    follows("sse.sh", &["demo"], "cursor", "1-0", "readers");
}

#[test]
fn ndjson_sh_follows_and_goes_on() {
    follows("ndjson.sh", &["demo", "other"], "cursor", "1-0", "readers");
}

#[test]
fn long_poll_sh_follows_and_goes_on() {
    follows("long-poll.sh", &["demo"], "etag", "\"1-0\"", "parked");
}

#[test]
fn followers_go_on_where_they_were_cut_off() {
    let server = Server::start(&[]);
    for (name, figure) in [("sse.sh", "readers"), ("ndjson.sh", "readers"), ("long-poll.sh", "parked")] {
        let relay = Relay::to(server.address());
        let script = Script::start(&relay.url(), name, &[name], &[]);
        server.await_figure(figure, |is| is == 1);
        // In the middle of what comes: these are the connections that go on, each of which has some of it to hear.
        relay.cut_after(vec![1000, 1500]);
        relay.lead_to(Some(server.address()));
        let texts: Vec<String> = (100..140).map(|n| format!("message {n} of many")).collect();
        texts.iter().for_each(|text| drop(server.publish(name, text)));
        script.await_said(&texts[39]);
        assert_eq!(relay.cuts_left(), 0, "{name}");
        let said = script.said();
        let mut rest = &*said;
        for text in &texts {
            assert_eq!(said.matches(text.as_str()).count(), 1, "{name}: {text:?} once in {said}");
            rest = &rest[rest.find(text.as_str()).unwrap_or_else(|| panic!("{name}: order of {said}"))..];
        }
        assert!(!said.contains("lost"), "{name}: {said}");
        drop(script);
        server.await_figure("readers", |is| is == 0);
    }
}

#[test]
fn followers_end_when_their_channel_is_deleted() {
    let server = Server::start(&[]);
    for (name, figure) in [("sse.sh", "readers"), ("ndjson.sh", "readers"), ("long-poll.sh", "parked")] {
        let mut script = Script::start(&server.origin(), name, &[name], &[]);
        server.await_figure(figure, |is| is == 1);
        server.connect().ask("DELETE", &format!("/channels/{name}"), &[], b"").expect(204);
        assert_eq!(script.exit_code(), Some(0), "{name}");
        script.await_said("deleted");
    }
}

#[test]
fn ask_sh_prints_what_answer_sh_says() {
    let server = Server::start(&[]);
    for (choice, said) in [("yes", "yes\n"), ("no", "")] {
        let mut asker = Script::start(&server.origin(), "ask.sh", &[choice, "may I?"], &[]);
        server.await_figure("held_asks", |is| is == 1);
        let mut answerer = Script::start(&server.origin(), "answer.sh", &[choice, choice], &[]);
        assert_eq!((asker.exit_code(), answerer.exit_code()), (Some(0), Some(0)), "{choice}");
        answerer.await_said(r#""data":"may I?""#);
        answerer.await_said("answered");
        until("what the answer says", || asker.said() == said);
    }
}

#[test]
fn ask_sh_takes_one_question_up_again_and_again() {
    let server = Server::start(&[]);
    let mut asker = Script::start(&server.origin(), "ask.sh", &["door", "may I?"], &[("PATIENCE", "1")]);
    until("it was taken up twice", || asker.said().matches("no answer yet").count() >= 2);
    assert_eq!(server.figure("published"), 1, "it is one question");
    Script::start(&server.origin(), "answer.sh", &["door", "yes"], &[]).await_said("answered");
    assert_eq!(asker.exit_code(), Some(0));
}

#[test]
fn ask_sh_tells_what_became_of_its_question_by_its_exit_code() {
    let server = Server::start(&[]);
    let mut asker = Script::start(&server.origin(), "ask.sh", &["door", "may I?"], &[("TTL", "1")]);
    assert_eq!(asker.exit_code(), Some(5), "nobody answered in time");

    let mut asker = Script::start(&server.origin(), "ask.sh", &["door", "may I?"], &[]);
    server.await_figure("held_asks", |is| is == 1);
    asker.end();
    assert_eq!(asker.exit_code(), Some(130), "it was told to end, and withdrew it");
    assert_eq!(server.figure("asks"), 0);
}

#[test]
fn presence_sh_tells_who_is_there_and_who_comes_and_goes() {
    let server = Server::start(&["--presence-grace", "1ms"]);
    let script = Script::start(&server.origin(), "presence.sh", &["room", "the door"], &[]);
    server.await_figure("readers", |is| is == 1);
    script.await_said(r#""count":"#);
    let mut ann = server.connect();
    ann.begin("GET", "/channels/room?transport=ndjson&name=Ann", &[], b"");
    script.await_said(r#""notice":"join""#);
    drop(ann);
    script.await_said(r#""notice":"leave""#);
    let there = server.connect().get("/presence/room").expect(200).json();
    assert_eq!((&there["count"], &there["clients"][0]["name"]), (&1.into(), &"the door".into()));
    let said = script.said();
    assert!(said.contains(r#""channel":"room""#) && said.matches(r#""name":"Ann""#).count() == 2, "{said}");
}
