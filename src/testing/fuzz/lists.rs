//! Lists in fields, cut by a naive reader.  Law: one pass over the bytes; knows nothing of what the parts mean.

/// The elements of a list, each as its parts between semicolons. What stands in quotes is cut nowhere; a quote that is
/// not closed reaches to the end.
pub fn elements(value: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let (mut elements, mut quoted, mut at) = (vec![vec![Vec::new()]], false, 0);
    while let Some(&b) = value.get(at) {
        at += 1;
        let parts = elements.last_mut().expect("there is always one");
        let part = parts.last_mut().expect("there is always one");
        match b {
            b',' if !quoted => elements.push(vec![Vec::new()]),
            b';' if !quoted => parts.push(Vec::new()),
            b'\\' if quoted => {
                part.push(b);
                part.extend(value.get(at));
                at += 1;
            }
            _ => {
                quoted ^= b == b'"';
                part.push(b);
            }
        }
    }
    elements
}

/// Without the spaces and tabs around it.
pub fn blankless(text: &[u8]) -> &[u8] {
    let begin = text.iter().take_while(|b| b" \t".contains(b)).count();
    let end = text.iter().rev().take_while(|b| b" \t".contains(b)).count();
    text.get(begin..text.len() - end).unwrap_or_default()
}
