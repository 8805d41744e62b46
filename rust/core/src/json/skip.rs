// SPDX-License-Identifier: Apache-2.0
//! Passing over values that nobody asked for, checking them on the way.

use super::repeat::Templates;
use super::{Fault, MAX_DEPTH, ReadResult, Reader, Span};

/// Templates nest no deeper than this; published ones have four levels.
const TEMPLATE_DEPTH: u32 = 16;

impl Reader<'_> {
    /// Pass over one value without recursion: one bit per open container tells an object from an array.
    #[inline(always)]
    pub(super) fn skip_value(&mut self) -> ReadResult<()> {
        match self.peek() {
            b'[' | b'{' => self.skip_containers(),
            _ => self.skip_scalar(),
        }
    }

    /// Pass over text or a container and tells whether there was nothing in it.
    pub fn skip_is_empty(&mut self) -> ReadResult<bool> {
        let is_text = self.peek() == b'"';
        let [_, inside @ .., _] = self.skip()?.slice(self.bytes) else { return Ok(false) };
        Ok(inside.is_empty() || (!is_text && inside.trim_ascii().is_empty()))
    }

    #[inline(always)]
    fn skip_scalar(&mut self) -> ReadResult<()> {
        match self.byte() {
            b'"' => self.known_text().map(|_| ()),
            b'n' => self.literal("null"),
            b't' => self.literal("true"),
            b'f' => self.literal("false"),
            b'-' | b'0'..=b'9' | b'N' | b'I' => self.skip_number(),
            _ => Err(Fault::expected(self.position, "a value")),
        }
    }

    #[inline(never)]
    fn skip_containers(&mut self) -> ReadResult<()> {
        // Bit 0 is the innermost open container, 1 for an object.
        let (mut kinds, mut depth) = (0_u128, 0_u32);
        // By depth: where the open container started, and what the last ones that ended looked like.
        let (mut starts, mut templates) = ([0; 4], [Templates::default(); 4]);
        loop {
            // Here a value starts.
            let opening = self.peek();
            if opening == b'[' && (1..MAX_DEPTH).contains(&depth) && self.match_short_qargs().is_some() {
                // Most of what is skipped are edges.
            } else if (1..=MAX_DEPTH - TEMPLATE_DEPTH).contains(&depth)
                && matches!(opening, b'[' | b'{')
                && let Some(length) = templates[depth as usize % 4].length_of(self.bytes, self.position)
            {
                self.position += length;
            } else if matches!(opening, b'[' | b'{') {
                if depth == MAX_DEPTH {
                    return Err(Fault::expected(self.position, format!("at most {MAX_DEPTH} levels of nesting")));
                }
                let object = opening == b'{';
                starts[depth as usize % 4] = self.offset();
                self.position += 1;
                // ASCII has `]` and `}` two behind their counterparts.
                if self.peek() != opening + 2 {
                    kinds = kinds << 1 | u128::from(object);
                    depth += 1;
                    if object {
                        self.skip_key()?;
                    }
                    continue;
                }
                self.position += 1;
                if depth == 0 {
                    return Ok(());
                }
            } else {
                self.skip_scalar()?;
            }
            // Here a value has ended: close what ends with it, then go on to the next.
            loop {
                let object = kinds & 1 == 1;
                let token = self.peek();
                if token == b',' {
                    self.position += 1;
                    if object {
                        self.skip_key()?;
                    }
                    break;
                }
                if token != (if object { b'}' } else { b']' }) {
                    return Err(Fault::expected(self.position, if object { "`,` or `}`" } else { "`,` or `]`" }));
                }
                self.position += 1;
                kinds >>= 1;
                depth -= 1;
                if depth == 0 {
                    return Ok(());
                }
                let start = starts[depth as usize % 4];
                self.cache_template(&mut templates[depth as usize % 4], start);
            }
        }
    }

    /// Take the container that started at `start` and has just ended for a template, if it may be one.
    fn cache_template(&self, templates: &mut Templates, start: u32) {
        let span = Span { start, end: self.offset() };
        if span.end - span.start >= 512 {
            return;
        }
        let text = span.slice(self.bytes);
        // At most as deep as it has brackets, those in strings included.
        let brackets = text.iter().filter(|byte| matches!(byte, b'[' | b'{')).count();
        if brackets <= TEMPLATE_DEPTH as usize && !text.contains(&b'\\') {
            templates.cache(span);
        }
    }

    #[inline(always)]
    fn skip_key(&mut self) -> ReadResult<()> {
        if self.peek() != b'"' {
            return Err(Fault::expected(self.position, "a key in double quotes"));
        }
        self.known_text()?;
        if !self.take(b':') {
            return Err(Fault::expected(self.position, "`:`"));
        }
        Ok(())
    }
}
