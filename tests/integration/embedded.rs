//! `GET /holdline.js`: the client that the program brings along.

use crate::support::client::Fields;
use crate::support::process::Server;
use crate::support::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

const SOURCE: &str = include_str!("../../client/holdline.js");

fn ask(server: &Server, method: &str, fields: Fields<'_>) -> Response {
    server.connect().ask(method, "/holdline.js", fields, b"")
}

#[test]
fn the_client_is_served_to_every_page() {
    let server = Server::start(&[]);
    for fields in [&[][..], &[("Origin", "https://elsewhere.example"), ("Sec-Fetch-Site", "cross-site")]] {
        let answer = ask(&server, "GET", fields).expect(200);
        assert_eq!(answer.text().lines().count(), SOURCE.lines().count(), "the lines keep their numbers");
        assert_eq!(
            answer.text().lines().last(),
            SOURCE.lines().last(),
            "which makes it a module and a script"
        );
        assert!(!answer.text().lines().any(|line| line.starts_with("// ") || line.contains(" // ")));
        let expected = [
            ("Content-Type", "text/javascript; charset=utf-8"),
            ("Cache-Control", "no-cache"),
            ("X-Content-Type-Options", "nosniff"),
            ("Access-Control-Allow-Origin", "*"),
            ("Cross-Origin-Resource-Policy", "cross-origin"),
        ];
        for (name, value) in expected {
            assert_eq!(answer.field(name), Some(value), "{name}");
        }
        assert_eq!(answer.field("Access-Control-Allow-Credentials"), None);
    }
}

#[test]
fn whoever_has_it_gets_none_of_it_again() {
    let server = Server::start(&[]);
    let etag = ask(&server, "GET", &[]).expect(200).field("ETag").expect("a tag").to_owned();
    for method in ["GET", "HEAD"] {
        for tag in [&*etag, &format!("W/{etag}"), &format!("\"other\", {etag}"), "*"] {
            let answer = ask(&server, method, &[("If-None-Match", tag)]).expect(304);
            assert_eq!((answer.text(), answer.field("ETag")), ("", Some(&*etag)), "{method} {tag}");
            assert_eq!(answer.field("Access-Control-Allow-Origin"), Some("*"));
        }
        ask(&server, method, &[("If-None-Match", "\"other\"")]).expect(200);
    }
    let head = ask(&server, "HEAD", &[]).expect(200);
    assert_eq!((head.text(), head.field("ETag")), ("", Some(&*etag)));
    assert_eq!(head.field("Content-Length"), Some(&*ask(&server, "GET", &[]).text().len().to_string()));
}

#[test]
fn it_is_only_read() {
    let server = Server::start(&[]);
    let refusal = ask(&server, "POST", &[]);
    assert_eq!(refusal.field("Allow"), Some("GET, HEAD, OPTIONS"));
    refusal.problem(405);
}

#[test]
fn it_is_small() {
    let server = Server::start(&[]);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(ask(&server, "GET", &[]).expect(200).text().as_bytes()).expect("writes to memory");
    let len = gzip.finish().expect("writes to memory").len();
    assert!(len < 8 << 10, "{len} bytes gzipped");
}
