//! `--public DIR`: files on the same port, and no way out of the directory.

use crate::support::process::Server;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A directory of its own for each test, removed at its end.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new() -> Scratch {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("holdline-test-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("a temporary directory");
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// `public/` with some files, and `secret.txt` beside it.
fn site() -> (Scratch, Server) {
    let scratch = Scratch::new();
    let public = scratch.0.join("public");
    let write = |path: &str, text: &str| {
        let path = public.join(path);
        fs::create_dir_all(path.parent().expect("inside public")).expect("a directory");
        fs::write(path, text).expect("a file");
    };
    fs::create_dir_all(&public).expect("a directory");
    fs::write(scratch.0.join("secret.txt"), "secret").expect("a file");
    write("index.html", "<h1>home</h1>");
    write("app.css", "body{}");
    write("app.js", "0123456789");
    write("with space.txt", "space");
    write("unknown.zzz", "?");
    write("empty.txt", "");
    write("sub/index.html", "<h1>sub</h1>");
    write("channels/a", "shadow");
    write("livez", "shadow");
    write(".hidden", "hidden");
    write(".git/config", "hidden");
    link(&scratch.0.join("secret.txt"), &public.join("link.txt"));
    link(&scratch.0, &public.join("out"));
    link(Path::new("../secret.txt"), &public.join("relative.txt"));
    let server = Server::start(&["--public", public.to_str().expect("a UTF-8 path")]);
    (scratch, server)
}

fn link(to: &Path, from: &Path) {
    std::os::unix::fs::symlink(to, from).expect("a link");
}

#[test]
fn files_are_served_with_their_types() {
    let (_scratch, server) = site();
    let cases = [
        ("/", "text/html", "<h1>home</h1>"),
        ("/index.html", "text/html", "<h1>home</h1>"),
        ("/app.css", "text/css", "body{}"),
        ("/app.js", "text/javascript", "0123456789"),
        ("/app.js?v=1", "text/javascript", "0123456789"),
        ("/with%20space.txt", "text/plain", "space"),
        ("/unknown.zzz", "application/octet-stream", "?"),
        ("/empty.txt", "text/plain", ""),
        ("/sub/", "text/html", "<h1>sub</h1>"),
    ];
    let mut client = server.connect();
    for (target, media_type, text) in cases {
        let answer = client.get(target).expect(200);
        assert_eq!(answer.text(), text, "{target}");
        assert_eq!(answer.head.media_type(), media_type, "{target}");
        assert_eq!(answer.field("X-Content-Type-Options"), Some("nosniff"));
        assert!(
            answer.field("ETag").is_some() && answer.field("Last-Modified").is_some(),
            "{:?}",
            answer.head
        );
        let head = client.ask("HEAD", target, &[], b"").expect(200);
        assert_eq!(head.field("Content-Length"), Some(&*text.len().to_string()), "{target}");
        assert_eq!(head.field("ETag"), answer.field("ETag"));
    }
    client.get("/missing.txt").problem(404);
    client.ask("POST", "/app.js", &[], b"x").problem(405);
}

#[test]
fn the_api_comes_first() {
    let (_scratch, server) = site();
    let mut client = server.connect();
    assert_eq!(client.get("/channels/a").expect(200).head.media_type(), "application/json");
    assert_ne!(client.get("/livez").expect(200).text(), "shadow");
}

#[test]
fn there_is_no_way_out_and_no_hidden_file() {
    let (_scratch, server) = site();
    let targets = [
        "/../secret.txt",
        "/sub/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/sub/%2E%2E/%2E%2E/secret.txt",
        "/..%5csecret.txt",
        "/.%2e/secret.txt",
        "//etc/hostname",
        "/%2fetc/hostname",
        "/link.txt",
        "/relative.txt",
        "/out/secret.txt",
        "/out/public/app.css",
        "/.hidden",
        "/.git/config",
        "/%2ehidden",
        "/sub/./../.hidden",
        "/app.css%00.html",
        "/app.css/",
        "/sub/../app.css/x",
    ];
    for target in targets {
        let answer = server.connect().get(target);
        assert!(matches!(answer.status(), 400 | 403 | 404), "{target}: {}", answer.status());
        assert!(
            !answer.text().contains("secret\"") && answer.text() != "secret" && answer.text() != "hidden",
            "{target}"
        );
    }
}

#[test]
fn what_did_not_change_is_304() {
    let (_scratch, server) = site();
    let mut client = server.connect();
    let answer = client.get("/app.js");
    let etag = answer.field("ETag").expect("an ETag");
    let modified = answer.field("Last-Modified").expect("a date");
    let cases: [(&[(&str, &str)], u16); 8] = [
        (&[("If-None-Match", etag)], 304),
        (&[("If-None-Match", "\"x\"")], 200),
        (&[("If-None-Match", "*")], 304),
        (&[("If-Modified-Since", modified)], 304),
        (&[("If-Modified-Since", "Mon, 01 Jan 2001 00:00:00 GMT")], 200),
        (&[("If-Modified-Since", "nonsense")], 200),
        (&[("If-None-Match", "\"x\""), ("If-Modified-Since", modified)], 200),
        (&[("If-None-Match", etag), ("If-Modified-Since", "Mon, 01 Jan 2001 00:00:00 GMT")], 304),
    ];
    for (fields, status) in cases {
        let answer = client.ask("GET", "/app.js", fields, b"");
        assert_eq!(answer.status(), status, "{fields:?}");
        assert_eq!(answer.field("ETag"), Some(etag), "{fields:?}");
    }
    let list = format!("\"x\", W/{}", etag.trim_start_matches("W/"));
    let answer = client.ask("GET", "/app.js", &[("If-None-Match", &list)], b"").expect(304);
    assert_eq!(answer.field("Transfer-Encoding"), None, "there is no body to frame");
}

#[test]
fn ranges() {
    let (_scratch, server) = site();
    let mut client = server.connect();
    let whole = client.get("/app.js");
    assert_eq!(whole.field("Accept-Ranges"), Some("bytes"));
    let parts = [
        ("bytes=0-3", "0123", "bytes 0-3/10"),
        ("bytes=4-", "456789", "bytes 4-9/10"),
        ("bytes=-2", "89", "bytes 8-9/10"),
        ("bytes=8-99", "89", "bytes 8-9/10"),
        ("bytes=-99", "0123456789", "bytes 0-9/10"),
    ];
    for (range, text, content_range) in parts {
        let answer = client.ask("GET", "/app.js", &[("Range", range)], b"").expect(206);
        assert_eq!((answer.text(), answer.field("Content-Range")), (text, Some(content_range)), "{range}");
    }
    for range in ["bytes=10-", "bytes=99-100", "bytes=-0"] {
        let answer = client.ask("GET", "/app.js", &[("Range", range)], b"").expect(416);
        assert_eq!(answer.field("Content-Range"), Some("bytes */10"), "{range}");
    }
    for range in ["bytes=0-1,4-5", "lines=1-2", "bytes=3-1", "bytes=x", "bytes="] {
        let answer = client.ask("GET", "/app.js", &[("Range", range)], b"").expect(200);
        assert_eq!(answer.text().len(), 10, "{range} is ignored");
    }
    let modified = whole.field("Last-Modified").expect("a date");
    let guarded = [("Range", "bytes=0-3"), ("If-Range", "\"other\"")];
    client.ask("GET", "/app.js", &guarded, b"").expect(200);
    let stale = [("Range", "bytes=0-3"), ("If-Range", "Mon, 01 Jan 2001 00:00:00 GMT")];
    client.ask("GET", "/app.js", &stale, b"").expect(200);
    assert!(httpdate::parse_http_date(modified).is_ok());
}

#[test]
fn a_large_file_comes_whole_and_in_order_with_what_is_pipelined() {
    let (scratch, server) = site();
    let large: Vec<u8> = (0..5_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    fs::write(scratch.0.join("public/large.bin"), &large).expect("a file");
    let mut client = server.connect();
    let first = client.request("GET", "/large.bin", &[], b"");
    let second = client.request("GET", "/app.css", &[], b"");
    client.send([&first[..], &second, &first].concat());
    assert!(client.response().expect(200).body == large);
    assert_eq!(client.response().text(), "body{}");
    assert!(client.response().expect(200).body == large);
}

#[test]
fn without_public_there_are_no_files() {
    let server = Server::start(&[]);
    server.connect().get("/index.html").problem(404);
    server.connect().get("/Cargo.toml").problem(404);
}
