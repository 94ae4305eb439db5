//! JSON that comes inside a script: the pages of hidden iframes and the calls of JSONP.

use super::body::Body;
use serde_json::Value;

/// Reads a JSON text that must be safe inside any script element.
pub fn safe_json(text: &str) -> Value {
    let unsafe_in_script = ['<', '>', '&', '\u{2028}', '\u{2029}'];
    assert!(!text.contains(unsafe_in_script), "it could end the script: {text:?}");
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e} in {text:?}"))
}

/// The argument of the one call `/**/NAME(…);`.
pub fn jsonp_argument(script: &str, name: &str) -> Value {
    let call = script.trim_end_matches('\n');
    let open = format!("/**/{name}(");
    let argument = call.strip_prefix(&*open).and_then(|rest| rest.strip_suffix(");"));
    safe_json(argument.unwrap_or_else(|| panic!("not one call of {name}: {script:?}")))
}

/// The next envelope or notice that the page posts to its parent; `None` at the end.
pub fn posted(page: &mut Body) -> Option<Value> {
    loop {
        let script = page.through("</script>")?;
        let Some((_, call)) = script.split_once("parent.postMessage(") else { continue };
        return Some(first_json(call));
    }
}

/// The JSON object that `text` begins with, up to the comma before the target origin.
fn first_json(text: &str) -> Value {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let value = values.next().expect("an argument").unwrap_or_else(|e| panic!("{e} in {text:?}"));
    let (json, rest) = text.split_at(values.byte_offset());
    assert!(rest.trim_start().starts_with(','), "postMessage without a target origin: {text:?}");
    assert_eq!(safe_json(json), value);
    value
}
