// SPDX-License-Identifier: Apache-2.0
//! The library of sampled waveforms.

use std::collections::HashMap;

use super::lists::{complex, index};
use crate::error::Fault;
use crate::json::{ReadResult, Reader, Span};
use crate::pulse::envelope::AMPLITUDE_TOLERANCE;

/// Waveforms one after the other.
#[derive(Debug, Default)]
pub struct Library {
    names: Vec<String>,
    /// End of each waveform in `samples`.
    ends: Vec<u32>,
    samples: Vec<[f64; 2]>,
    /// By name; the last one of a name counts.
    by_name: HashMap<String, u32>,
}

/// Size of the samples of a waveform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amplitude {
    /// None is above 1.
    Limited,
    /// Some are above 1, as rounding makes them so.
    Rounded,
    /// Some are far above 1.
    Excessive,
}

impl Library {
    pub(super) fn read(reader: &mut Reader<'_>) -> ReadResult<Self> {
        let mut library = Self::default();
        reader.array(|reader| {
            let (start, first) = (reader.offset() as usize, library.samples.len());
            let (mut name, mut has_samples) = (None, false);
            reader.object(|reader, key| {
                match &*key.bytes() {
                    b"name" => name = Some(reader.text()?),
                    b"samples" => {
                        library.samples.truncate(first);
                        library.read_samples(reader)?;
                        has_samples = true;
                    }
                    _ => drop(reader.skip()?),
                }
                Ok(())
            })?;
            let name = name.ok_or_else(|| Fault::missing(start, "name"))?.decode().into_owned();
            if !has_samples {
                return Err(Fault::missing(start, "samples"));
            }
            library.by_name.insert(name.clone(), index(library.names.len()));
            library.names.push(name);
            library.ends.push(index(library.samples.len()));
            Ok(())
        })?;
        Ok(library)
    }

    /// Read an array of `[re, im]`. Six of seven are written as the one before: silence, and flat tops.
    fn read_samples(&mut self, reader: &mut Reader<'_>) -> ReadResult<()> {
        let (mut last, mut last_text): (_, &[u8]) = ([0.0; 2], b"[0.0, 0.0]");
        let samples = &mut self.samples;
        reader.array(|reader| {
            if !reader.take_literal(last_text) {
                let start = reader.offset();
                last = complex(reader)?;
                last_text = reader.between(start, reader.offset());
            }
            samples.push(last);
            Ok(())
        })
    }

    /// Return the number of waveforms.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Return whether the library is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The index of the waveform that `name` means.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    /// The name of a waveform.
    #[must_use]
    pub fn name(&self, waveform: u32) -> &str {
        &self.names[waveform as usize]
    }

    /// Return the span of the samples of a waveform among all.
    #[must_use]
    pub fn span(&self, waveform: u32) -> Span {
        let start = if waveform == 0 { 0 } else { self.ends[waveform as usize - 1] };
        Span { start, end: self.ends[waveform as usize] }
    }

    /// The samples of all waveforms, real and imaginary parts.
    #[must_use]
    pub fn samples(&self) -> &[[f64; 2]] {
        &self.samples
    }

    /// Return whether the samples of a waveform can be played.
    #[must_use]
    pub fn amplitude(&self, waveform: u32) -> Amplitude {
        let Span { start, end } = self.span(waveform);
        let mut amplitude = Amplitude::Limited;
        for [re, im] in &self.samples[start as usize..end as usize] {
            if re * re + im * im < 1.0 {
                continue;
            }
            let norm = re.hypot(*im);
            if norm.is_nan() || norm > 1.0 + AMPLITUDE_TOLERANCE {
                return Amplitude::Excessive;
            }
            if norm > 1.0 {
                amplitude = Amplitude::Rounded;
            }
        }
        amplitude
    }
}
