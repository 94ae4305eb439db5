//! Namespaces of a session: who comes back, and who is taken out.

use crate::page::{Page, body_of, heard, is_empty, say, socket_request, world};
use holdline::limits::Settings;
use holdline::testing::driver::World;

#[test]
fn a_socket_that_comes_back_beside_itself_leaves_nothing_behind() {
    let mut world = world();
    let page = Page::open(&mut world);
    page.post(&mut world, "40");
    let joined = page.get(&mut world);
    let joined: serde_json::Value = serde_json::from_str(&joined[2..]).expect("JSON");
    assert_eq!(page.post(&mut world, &format!("40/b,{{\"pid\":{}}}", joined["pid"])), "ok");
    let beside = page.get(&mut world);
    assert!(beside.starts_with("40/b,{"), "{beside}");
    assert_eq!(page.post(&mut world, "421[\"n\"]"), "ok");
    assert!(page.get(&mut world).starts_with("431["), "it is where it was");
    page.post(&mut world, "1");
    is_empty(&mut world);
}

#[test]
fn whoever_missed_nothing_but_a_notice_is_told_that_it_is_back() {
    let mut world = World::new(Settings::default());
    let line = world.open(&socket_request(""));
    world.take_written(line);
    say(&mut world, line, "40/a,{}");
    let joined = heard(&mut world, line);
    let asking = world.open("POST /ask/a?wait=0 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n?");
    let answer = body_of(&mut world, asking);
    let asked: serde_json::Value = serde_json::from_str(&answer).expect("a question that is open");
    world.reset(line);
    let asker = asked["ask"].as_str().expect("its id");
    world.open(&format!("DELETE /asks/{asker} HTTP/1.1\r\nHost: localhost\r\n\r\n"));

    let line = world.open(&socket_request(""));
    world.take_written(line);
    let known: serde_json::Value = serde_json::from_str(&joined[0][5..]).expect("what it was told");
    say(&mut world, line, &format!(r#"40/a,{{"pid":{}}}"#, known["pid"]));
    let heard = heard(&mut world, line);
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert!(heard[0].starts_with(r#"42/a,["holdline:withdrawn""#), "{heard:?}");
    assert_eq!(heard[1], joined[0]);
}

#[test]
fn a_namespace_whose_channels_are_closed_at_once_hears_of_each_before_it_is_left() {
    let mut world = world();
    let page = Page::open(&mut world);
    page.post(&mut world, "40/a,");
    page.get(&mut world);
    page.post(&mut world, "42/a,[\"holdline:subscribe\",\"b\"]");
    let socket = world.open(&socket_request(""));
    world.take_written(socket);
    say(&mut world, socket, "40/a,");
    say(&mut world, socket, "42/a,[\"holdline:subscribe\",\"b\"]");
    heard(&mut world, socket);
    for channel in ["a", "b"] {
        let request = format!("DELETE /channels/{channel} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let line = world.connect();
        world.send(line, request.as_bytes());
    }
    world.settle();
    let told =
        ["42/a,[\"holdline:closed\",{\"channel\":\"a\"}]", "42/a,[\"holdline:closed\",{\"channel\":\"b\"}]"];
    let told = told.map(str::to_owned).into_iter().chain(["41/a,".to_owned()]).collect::<Vec<_>>();
    assert_eq!(heard(&mut world, socket), told);
    assert_eq!(page.get(&mut world), told.join("\u{1e}"));
}

#[test]
fn whoever_comes_back_beside_its_old_connection_ends_all_of_that_and_recovers_all() {
    let mut world = world();
    let open = |world: &mut World| {
        let line = world.open(&socket_request(""));
        world.take_written(line);
        line
    };
    let pid_in = |joined: &str| {
        let told: serde_json::Value = serde_json::from_str(&joined[5..]).expect("what it was told");
        told["pid"].to_string()
    };
    let old = open(&mut world);
    say(&mut world, old, "40/a,");
    say(&mut world, old, "40/b,");
    let joined = heard(&mut world, old);
    let new = open(&mut world);
    say(&mut world, new, &format!("40/a,{{\"pid\":{}}}", pid_in(&joined[0])));
    assert_eq!(heard(&mut world, new), [&*joined[0]], "it is back");
    assert_eq!(heard(&mut world, old), ["!1000"], "/b would not know that it hears nothing of /a any more");
    say(&mut world, new, &format!("40/b,{{\"pid\":{}}}", pid_in(&joined[1])));
    assert_eq!(heard(&mut world, new), [&*joined[1]]);
    assert_eq!(world.stats().readers, 2);
}

#[test]
fn whoever_asks_for_what_is_not_to_be_had_is_told_what_was_wrong() {
    let cases = [
        ("40/main,", "44/main,", "the namespace of the channel main is /"),
        (r#"421["holdline:subscribe","a",5]"#, "431[", "since is a message id"),
        (r#"421["holdline:subscribe","a",{}]"#, "431[", "since is a message id"),
        (r#"421["holdline:subscribe","a","start"]"#, "431[", "since is a message id"),
        (
            r#"421["holdline:subscribe",{"channels":"a","since":5}]"#,
            "431[",
            "an object with channels and since",
        ),
        (r#"421["holdline:subscribe","a",null]"#, "431[", "\"since\":"),
        (r#"421["holdline:subscribe","a",""]"#, "431[", "\"since\":"),
    ];
    for (packet, begin, told) in cases {
        let mut world = world();
        let page = Page::open(&mut world);
        page.post(&mut world, "40");
        page.get(&mut world);
        page.post(&mut world, packet);
        let answer = page.get(&mut world);
        assert!(answer.starts_with(begin) && answer.contains(told), "{packet}: {answer}");
    }
}

/// Says a packet on a new WebSocket, and what is heard before it is cut off: whatever of that the client has not read
/// is lost.
fn told_and_cut(world: &mut World, said: &[&str]) -> Vec<String> {
    let line = world.open(&socket_request(""));
    world.take_written(line);
    said.iter().for_each(|text| say(world, line, text));
    let told = heard(world, line);
    world.reset(line);
    told
}

#[test]
fn what_has_no_id_is_taken_for_heard_only_when_a_later_id_shows_it() {
    let mut world = world();
    let publish = |world: &mut World, channel: &str| {
        let line = world.connect();
        let request =
            format!("POST /channels/{channel} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx");
        world.send(line, request.as_bytes());
        world.settle();
    };
    publish(&mut world, "b");
    const JOIN: &str = "40/a,";
    const ADD: &str = r#"42/a,["holdline:subscribe",{"channels":"b","since":"1700000000000-0"}]"#;
    const SAY: &str = r#"42/a,1["message",2]"#;
    let pid = |text: &str| {
        let told: serde_json::Value = serde_json::from_str(&text["40/a,".len()..]).expect("it has joined");
        told["pid"].clone()
    };
    // The backlog of `b` is told, and may be lost on its way.
    let told = told_and_cut(&mut world, &[JOIN, ADD]);
    assert!(told[1].contains("\"replay\":true"), "{told:?}");
    let first = pid(&told[0]);
    let again = told_and_cut(&mut world, &[&format!(r#"40/a,{{"pid":{first}}}"#)]);
    let second = pid(&again[0]);
    assert_ne!(first, second, "not recovered: {again:?}");
    // Now its own words come behind it; who has their id has heard the backlog.
    let line = world.open(&socket_request(""));
    world.take_written(line);
    say(&mut world, line, &format!(r#"40/a,{{"pid":{second}}}"#));
    say(&mut world, line, ADD);
    say(&mut world, line, SAY);
    let told = heard(&mut world, line).pop().expect("an answer");
    let (_, id) = told.split_once(r#""id":"#).expect("its id");
    let id = id.trim_end_matches("}]");
    world.reset(line);
    let again = told_and_cut(&mut world, &[&format!(r#"40/a,{{"pid":{second},"offset":{id}}}"#)]);
    assert_eq!(pid(&again[0]), second, "recovered: {again:?}");
    // That `b` was closed is told as well, and may be lost.
    let line = world.open(&socket_request(""));
    world.take_written(line);
    say(&mut world, line, &format!(r#"40/a,{{"pid":{second},"offset":{id}}}"#));
    let deleter = world.connect();
    world.send(deleter, b"DELETE /channels/b HTTP/1.1\r\nHost: localhost\r\n\r\n");
    world.settle();
    assert!(heard(&mut world, line).pop().is_some_and(|told| told.contains("holdline:closed")));
    world.reset(line);
    let again = told_and_cut(&mut world, &[&format!(r#"40/a,{{"pid":{second},"offset":{id}}}"#)]);
    assert_ne!(pid(&again[0]), second, "not recovered: {again:?}");
}
