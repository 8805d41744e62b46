// SPDX-License-Identifier: Apache-2.0
//! From a byte offset back to a JSON path: the second scan, which only failures pay for.

use std::fmt::Write;

/// An open container on the way to the offset.
enum Level<'a> {
    Array(usize),
    /// The raw text of the key whose value is being read.
    Object(Option<&'a [u8]>),
}

/// Return the path of the value that contains `offset`; of text that is no JSON, the path to where that shows.
pub fn path_at(bytes: &[u8], offset: usize) -> String {
    let mut levels = Vec::new();
    let mut at = 0;
    while at < offset {
        match bytes[at] {
            b'{' => levels.push(Level::Object(None)),
            b'[' => levels.push(Level::Array(0)),
            b'}' | b']' => drop(levels.pop()),
            b',' => match levels.last_mut() {
                Some(Level::Array(index)) => *index += 1,
                Some(Level::Object(key)) => *key = None,
                None => {}
            },
            b'"' => {
                let end = string_end(bytes, at + 1);
                if let Some(Level::Object(key @ None)) = levels.last_mut()
                    && end < offset
                {
                    *key = Some(&bytes[at + 1..end]);
                }
                at = end;
            }
            _ => {}
        }
        at += 1;
    }
    render(&levels)
}

/// The offset of the quote that ends the string whose content starts at `at`, or the end of the text.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && bytes[at] != b'"' {
        at += 1 + usize::from(bytes[at] == b'\\');
    }
    at.min(bytes.len())
}

fn render(levels: &[Level<'_>]) -> String {
    let mut path = String::from("$");
    for level in levels {
        match level {
            Level::Array(index) => {
                let _ = write!(path, "[{index}]");
            }
            Level::Object(Some(key)) if is_name(key) => {
                let _ = write!(path, ".{}", String::from_utf8_lossy(key));
            }
            Level::Object(Some(key)) => {
                let _ = write!(path, "[\"{}\"]", String::from_utf8_lossy(key));
            }
            Level::Object(None) => {}
        }
    }
    path
}

fn is_name(key: &[u8]) -> bool {
    key.first().is_some_and(|first| !first.is_ascii_digit())
        && key.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// Describe the text at `offset` in a few words.
pub fn describe(bytes: &[u8], offset: usize) -> String {
    const SHOWN: usize = 40;
    let rest = &bytes[offset..];
    let token = match rest.first() {
        None => return "the end of the payload".to_owned(),
        Some(b'{') => return "an object".to_owned(),
        Some(b'[') => return "an array".to_owned(),
        Some(b'"') => &rest[..(string_end(bytes, offset + 1) - offset + 1).min(rest.len())],
        Some(_) => {
            let end = rest.iter().skip(1).position(|byte| b" \n\r\t,:]}[{\"".contains(byte));
            &rest[..end.map_or(rest.len(), |end| end + 1)]
        }
    };
    // Bytes that are no text are shown as escapes, so that the message stays readable.
    let shown = token[..token.len().min(SHOWN)].utf8_chunks().fold(String::new(), |mut text, chunk| {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
        text
    });
    let more = if token.len() > SHOWN { "…" } else { "" };
    if token.first() == Some(&b'"') { format!("{shown}{more}") } else { format!("`{shown}{more}`") }
}
