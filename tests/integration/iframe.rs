//! The hidden iframe: a page that posts each envelope to its parent.

use crate::support::process::Server;
use crate::support::script::posted;

fn target(server: &Server, channel: &str) -> String {
    format!("/channels/{channel}?transport=iframe&origin={}", server.origin())
}

#[test]
fn the_page_is_fenced_in() {
    let server = Server::start(&[]);
    let (head, mut page) = server.connect().stream(&target(&server, "a"), &[]);
    assert_eq!(head.media_type(), "text/html");
    let policy = head.field("Content-Security-Policy").expect("a policy");
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("a nonce");
    let directives: Vec<&str> = policy.split(';').map(str::trim).filter(|d| !d.is_empty()).collect();
    let ancestors = format!("frame-ancestors {}", server.origin());
    assert_eq!(directives, ["default-src 'none'", &format!("script-src 'nonce-{nonce}'"), &ancestors]);
    assert!(nonce.len() >= 16, "a nonce cannot be guessed: {nonce}");
    assert_eq!(head.field("X-Frame-Options"), None);
    assert_eq!(head.field("Cross-Origin-Embedder-Policy"), Some("require-corp"));
    assert_eq!(head.field("Cross-Origin-Resource-Policy"), Some("cross-origin"));
    assert_eq!(head.field("Referrer-Policy"), Some("no-referrer"));
    assert_eq!(head.field("X-Content-Type-Options"), Some("nosniff"));
    assert_eq!(head.field("X-Accel-Buffering"), Some("no"));
    assert_eq!(head.field("Cache-Control"), Some("no-store, no-transform"));

    let opening = page.through("</script>").expect("the opening");
    assert!(opening.len() >= 1024, "browsers wait for a KiB: {}", opening.len());
    let id = server.publish("a", "hello");
    let script = loop {
        let script = page.through("</script>").expect("it goes on");
        if script.contains(&id) {
            break script;
        }
    };
    assert!(script.contains(&format!("nonce=\"{nonce}\"")), "{script}");
    assert!(script.contains("parent.postMessage({"), "{script}");
}

#[test]
fn no_payload_can_end_the_script() {
    let server = Server::start(&[]);
    let (_, mut page) = server.connect().stream(&target(&server, "a"), &[]);
    let payloads = [
        "</script><script>alert(1)</script>",
        "<!--<script>",
        "]]>&amp;",
        "\u{2028}\u{2029}",
        "it's \"so\" \\",
    ];
    let mut client = server.connect();
    for payload in payloads {
        client.publish("a", payload);
        client
            .ask(
                "POST",
                "/channels/a?event=%3C/script%3E",
                &[("Content-Type", "application/json")],
                serde_json::to_string(payload).expect("a string").as_bytes(),
            )
            .expect(200);
    }
    for payload in payloads {
        for _ in 0..2 {
            let envelope = loop {
                let value = posted(&mut page).expect("it goes on");
                if value["id"].is_string() {
                    break value;
                }
            };
            assert_eq!(envelope["data"], payload);
        }
    }
}

#[test]
fn after_128_kib_it_asks_to_be_loaded_anew() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let cursor = client.cursor("a");
    let ids: Vec<String> = (0..100).map(|_| client.publish("a", "x".repeat(4096))).collect();
    let mut seen = 0;
    let mut since = cursor;
    while seen < ids.len() {
        let (_, mut page) = server.connect().stream(&format!("{}&since={since}", target(&server, "a")), &[]);
        let before = seen;
        while let Some(value) = posted(&mut page) {
            if value["notice"] == "reload" {
                since = value["since"].as_str().expect("a cursor").to_owned();
                assert_eq!(posted(&mut page), None, "the page ends behind it");
                let kib = (seen - before) * 4;
                assert!(
                    (120..=200).contains(&kib),
                    "a page has 128 KiB and what was encoded together: {kib}"
                );
                break;
            }
            if value["id"].is_string() {
                assert_eq!(value["id"].as_str(), Some(&*ids[seen]), "nothing twice, nothing left out");
                seen += 1;
                if seen == ids.len() {
                    break;
                }
            }
        }
    }
}

#[test]
fn it_has_a_heartbeat() {
    let server = Server::start(&["--heartbeat", "200ms"]);
    let (_, mut page) = server.connect().stream(&target(&server, "a"), &[]);
    let opening = posted(&mut page).expect("it begins with a position");
    for _ in 0..3 {
        let beat =
            posted(&mut page).expect("each heartbeat is posted, for a foreign page cannot see anything else");
        assert_eq!((&beat["notice"], &beat["cursor"]), (&"position".into(), &opening["cursor"]));
    }
}
