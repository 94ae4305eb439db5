use super::*;

fn read(line: &str) -> Result<Config, Stop> {
    from_args(["holdline"].into_iter().chain(line.split_whitespace()).map(OsString::from))
}

fn settings(line: &str) -> Settings {
    read(line).unwrap_or_else(|stop| panic!("{line}: {stop:?}")).settings
}

fn sentence(line: &str) -> String {
    match read(line) {
        Err(Stop::Wrong(sentence)) => sentence,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn nothing_said_is_the_default() {
    for line in ["", "serve"] {
        assert_eq!(format!("{:?}", settings(line)), format!("{:?}", Settings::default()));
    }
    assert_eq!(read("").unwrap().log, None);
}

#[test]
fn flags_reach_their_settings() {
    let settings = settings(
        "serve --listen [::1]:0 --listen unix:/tmp/x --open --host Chat.example --allow-origin *.example.org \
         --echo --demo --public . --heartbeat 250ms --retain-bytes=64K --max-connections 7 --no-compression \
         --compress-above 0",
    );
    assert_eq!(settings.listen, [Listen::Tcp("[::1]:0".parse().unwrap()), Listen::Unix("/tmp/x".into())]);
    assert!(settings.open && settings.echo && settings.demo && settings.public);
    assert_eq!((settings.compression, settings.compress_above), (false, 0));
    assert_eq!(settings.hosts, ["chat.example"]);
    assert_eq!(settings.allow_origins.len(), 1);
    assert_eq!((settings.heartbeat_ms, settings.retain_bytes, settings.max_connections), (250, 65_536, 7));
    assert_eq!(read("--log debug").unwrap().log, Some(log::LevelFilter::Debug));
}

#[test]
fn a_wrong_command_line_is_told_in_one_sentence_that_names_the_flag() {
    for (line, parts) in [
        ("--heartbeat soon", ["--heartbeat soon:", "such as 15s"]),
        ("--heartbeat 1ms", ["--heartbeat 1ms:", "least is 10ms"]),
        ("--retain-bytes=4X", ["--retain-bytes 4X:", "K, M or G"]),
        ("--max-channels=", ["--max-channels \"\":", "whole number"]),
        ("--max-channels", ["--max-channels", "needs a value"]),
        ("--max-channels 1 --max-channels 2", ["--max-channels", "once"]),
        ("--open=yes", ["--open", "takes no value"]),
        ("--no-compression=1", ["--no-compression", "takes no value"]),
        ("--compress-above -1", ["--compress-above", "K, M or G"]),
        ("--hartbeat 1s", ["--hartbeat", "perhaps --heartbeat"]),
        ("--zzz", ["--zzz", "--help"]),
        ("-x", ["-x", "--help"]),
        ("server", ["server", "--help"]),
        ("--listen localhost:80", ["--listen localhost:80:", "127.0.0.1:8080"]),
        ("--allow-origin example.org", ["--allow-origin example.org:", "https://example.org"]),
        ("--host a:80", ["--host a:80:", "without port"]),
        ("--log loud", ["--log loud:", "debug"]),
        ("--public /no/such/dir", ["--public /no/such/dir:", "exists"]),
        ("--public Cargo.toml", ["--public Cargo.toml:", "directory"]),
        ("--max-head 1K --max-target 2K", ["--max-target", "--max-head"]),
        ("--listen 0.0.0.0:80", ["--listen 0.0.0.0:80:", "--open"]),
        ("--listen 127.0.0.1:1 --listen [::]:80", ["--listen [::]:80:", "--open"]),
        ("--listen unix:/tmp/x", ["--listen unix:/tmp/x:", "--open"]),
    ] {
        let sentence = sentence(line);
        assert!(parts.iter().all(|part| sentence.contains(part)), "{line} => {sentence}");
        assert!(!sentence.contains('\n') && !sentence.contains("  "), "{line} => {sentence}");
    }
}

#[test]
fn help_lists_every_flag_with_its_default() {
    let Err(Stop::Asked(help)) = read("--help") else { panic!("no help") };
    let help = help.to_string();
    for row in ROWS {
        assert!(help.contains(&format!("--{} <{}>", row.flag, row.unit.value_name())), "{}", row.flag);
    }
    for part in
        ["Usage: holdline [serve] [FLAGS]", "[default: 15s]", "[default: 256M]", "Examples:", "curl -d hello"]
    {
        assert!(help.contains(part), "{part}\n{help}");
    }
    let Err(Stop::Asked(version)) = read("--version") else { panic!("no version") };
    assert_eq!(version.to_string(), format!("holdline {}\n", env!("CARGO_PKG_VERSION")));
}
