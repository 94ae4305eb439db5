//! A client command, or flags, then the logger, then the loop.  Knows no protocol.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    if holdline::cli::is_client(&args) {
        return ExitCode::from(holdline::cli::run(&args));
    }
    let config = match holdline::config::from_args(args) {
        Ok(config) => config,
        Err(stop) => return ExitCode::from(stop.tell()),
    };
    start_logger(config.log);
    match holdline::io::run(config.settings, config.public_dir.as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("holdline: {sentence}");
            ExitCode::FAILURE
        }
    }
}

/// `--log` wins over `RUST_LOG`, which wins over `info`.
fn start_logger(level: Option<log::LevelFilter>) {
    let mut logger = env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info"));
    if let Some(level) = level {
        logger = env_logger::Builder::new();
        logger.filter_level(level);
    }
    logger.format_timestamp_millis().init();
}
