//! JSON that comes inside a script: the pages of hidden iframes and the calls of JSONP.

use super::body::Body;
use holdline::testing::decode::poll::argument;
use holdline::testing::decode::script::plain_json;
use serde_json::Value;

/// Reads a JSON text that must be safe inside any script element.
pub fn safe_json(text: &str) -> Value {
    let json = plain_json(text).unwrap_or_else(|error| panic!("{error}"));
    serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error} in {text:?}"))
}

/// The argument of the one call `/**/NAME(…);`.
pub fn jsonp_argument(script: &str, name: &str) -> Value {
    let json = argument(script.as_bytes(), name).unwrap_or_else(|error| panic!("{error}"));
    serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error} in {script:?}"))
}

/// The next envelope or notice that the page posts to its parent; `None` at the end.
pub fn posted(page: &mut Body) -> Option<Value> {
    loop {
        let script = page.through("</script>")?;
        let Some((_, call)) = script.split_once("parent.postMessage(") else { continue };
        let json = call.strip_suffix(",O)</script>");
        return Some(safe_json(json.unwrap_or_else(|| panic!("not one call with the origin: {script:?}"))));
    }
}
