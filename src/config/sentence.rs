//! What clap found wrong, as one sentence: which flag, and what would be right.

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::error::Error as _;

/// The sentence, without a full stop. `help` is what tells more.
pub fn of(error: &Error, help: &str) -> String {
    let flag = flag(error);
    match error.kind() {
        ErrorKind::ValueValidation => {
            let advice = error.source().map(ToString::to_string).unwrap_or_default();
            format!("{flag} {}: {advice}", shown(text(error, ContextKind::InvalidValue)))
        }
        ErrorKind::InvalidValue => format!("{flag} needs a value; {help} tells which"),
        ErrorKind::TooManyValues => {
            format!("{flag} takes no value, so leave {} out", shown(text(error, ContextKind::InvalidValue)))
        }
        ErrorKind::ArgumentConflict => match text(error, ContextKind::PriorArg).map(bare) {
            Some(other) if other != flag => format!("{flag} and {other} do not go together; leave one out"),
            _ => format!("{flag} stands there twice; give it once"),
        },
        ErrorKind::MissingRequiredArgument => format!("{flag} is missing; {help} tells what belongs there"),
        ErrorKind::InvalidUtf8 => "a value is not UTF-8".to_owned(),
        ErrorKind::UnknownArgument => match text(error, ContextKind::SuggestedArg) {
            Some(near) => {
                format!("there is no {flag}; perhaps {near} is meant ({help} lists all flags)")
            }
            None => format!("there is no {flag}; {help} lists all flags"),
        },
        _ => first_line(error),
    }
}

/// The flag as the operator typed it, without clap's `<VALUE>` behind it.
fn flag(error: &Error) -> &str {
    text(error, ContextKind::InvalidArg).map_or("the command line", bare)
}

fn bare(arg: &str) -> &str {
    let arg = arg.split_once(" <").map_or(arg, |(flag, _)| flag);
    arg.trim_start_matches(['<', '[']).trim_end_matches(['>', ']', '.'])
}

fn text(error: &Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text),
        ContextValue::Strings(texts) => texts.first().map(String::as_str),
        _ => None,
    }
}

/// A value that would not be seen, or not be seen to end, is put in quotes.
fn shown(value: Option<&str>) -> String {
    let value = value.unwrap_or_default();
    let plain = !value.is_empty() && value.chars().all(|c| !c.is_whitespace() && !c.is_control());
    if plain { value.to_owned() } else { format!("{value:?}") }
}

fn first_line(error: &Error) -> String {
    let whole = error.to_string();
    let line = whole.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}
