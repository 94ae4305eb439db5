//! What carries a session: requests that overlap or break, and the WebSocket that takes over.

use crate::page::{BAD, Page, UNKNOWN, body_of, get, heard, is_empty, say, socket_request, world};

#[test]
fn a_websocket_is_closed_once_whoever_begins() {
    const CLOSE: [u8; 8] = [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8];
    for (words, is_probe) in
        [(None, false), (Some("1"), false), (Some("9"), false), (None, true), (Some("9"), true)]
    {
        let mut world = world();
        let line = if is_probe {
            let page = Page::open(&mut world);
            page.probe(&mut world)
        } else {
            world.open(&socket_request(""))
        };
        world.take_written(line);
        if let Some(words) = words {
            say(&mut world, line, words);
        }
        world.send(line, &CLOSE);
        world.settle();
        assert_eq!(heard(&mut world, line), ["!1000"], "{words:?}, {is_probe}");
    }
}

#[test]
fn while_a_websocket_probes_gets_are_let_go_one_at_a_time() {
    let mut world = world();
    let page = Page::open(&mut world);
    let held = page.hold(&mut world);
    let socket = page.probe(&mut world);
    assert_eq!(body_of(&mut world, held), "6");
    let next = page.hold(&mut world);
    assert_eq!(body_of(&mut world, next), "", "not at once: some clients would poll without end");
    world.pass(150);
    assert_eq!(body_of(&mut world, next), "6");
    say(&mut world, socket, "5");
    assert_eq!(page.get(&mut world), BAD, "it is carried by the WebSocket");
    say(&mut world, socket, "40");
    assert_eq!(heard(&mut world, socket).len(), 1);
}

#[test]
fn what_was_said_before_the_upgrade_comes_before_what_is_said_behind_it() {
    let mut world = world();
    let page = Page::open(&mut world);
    page.post(&mut world, "40");
    let socket = page.probe(&mut world);
    page.get(&mut world);
    page.post(&mut world, "421[\"n\",1]");
    say(&mut world, socket, "5");
    say(&mut world, socket, "422[\"n\",2]");
    let said = heard(&mut world, socket);
    assert!(
        matches!(&said[..], [one, two] if one.starts_with("431[") && two.starts_with("432[")),
        "{said:?}"
    );
}

#[test]
fn a_second_get_ends_the_first_and_the_session() {
    let mut world = world();
    let page = Page::open(&mut world);
    let first = page.hold(&mut world);
    assert_eq!(page.get(&mut world), BAD);
    assert_eq!(body_of(&mut world, first), "1");
    assert_eq!(page.get(&mut world), UNKNOWN);
    is_empty(&mut world);
}

#[test]
fn a_second_post_beside_the_first_ends_the_session() {
    let mut world = world();
    let page = Page::open(&mut world);
    let half = format!(
        "POST /socket.io/?EIO=4&transport=polling&sid={} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n40",
        page.sid
    );
    let first = world.open(&half);
    assert_eq!(page.post(&mut world, "40"), BAD);
    world.send(first, b"/a");
    world.settle();
    assert_eq!(body_of(&mut world, first), UNKNOWN);
}

#[test]
fn who_hangs_up_in_a_get_or_a_post_loses_the_session() {
    for half in [None, Some("40")] {
        let mut world = world();
        let page = Page::open(&mut world);
        page.post(&mut world, "40");
        page.get(&mut world);
        let line = match half {
            None => page.hold(&mut world),
            Some(body) => world.open(&format!(
                "POST /socket.io/?EIO=4&transport=polling&sid={} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{body}",
                page.sid
            )),
        };
        world.end(line);
        world.settle();
        assert_eq!(page.get(&mut world), UNKNOWN);
        is_empty(&mut world);
    }
}

#[test]
fn a_held_get_is_told_what_was_said_before_the_session_ended() {
    let mut world = world();
    let page = Page::open(&mut world);
    page.post(&mut world, "40");
    page.get(&mut world);
    let held = page.hold(&mut world);
    assert_eq!(page.post(&mut world, "421[\"n\"]\u{1e}9"), BAD);
    let body = body_of(&mut world, held);
    let (ack, close) = body.split_once('\u{1e}').expect("two packets");
    assert!(ack.starts_with("431[{\"id\":") && close == "1", "{body}");
}

#[test]
fn a_client_that_stamps_its_requests_by_the_clock_repeats_none_of_them() {
    for (stamp, answers) in [("1763687000", ["40{", "2"]), ("PXk3abc", ["40{", BAD])] {
        let mut world = world();
        let page = Page::open(&mut world);
        page.post(&mut world, "40");
        let query = format!("&sid={}&t={stamp}", page.sid);
        let first = get(&mut world, &query);
        world.advance(3_050);
        let second = get(&mut world, &query);
        assert!(first.starts_with(answers[0]) && second == answers[1], "{stamp}: {first} {second}");
    }
}

#[test]
fn requests_of_a_session_are_of_the_transport_that_they_name() {
    let mut world = world();
    let page = Page::open(&mut world);
    let query = format!("EIO=4&transport=websocket&sid={}", page.sid);
    for head in [format!("GET /socket.io/?{query}"), format!("POST /socket.io/?{query}")] {
        let line = world.open(&format!("{head} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n40"));
        assert_eq!(body_of(&mut world, line), BAD, "{head}");
    }
    let upgrade =
        socket_request(&format!("&sid={}", page.sid)).replace("transport=websocket", "transport=polling");
    let line = world.open(&upgrade);
    assert_eq!(body_of(&mut world, line), BAD);
    assert_eq!(page.post(&mut world, "40"), "ok", "the session does not mind");
}
