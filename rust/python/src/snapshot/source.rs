// SPDX-License-Identifier: Apache-2.0
//! The bytes behind a snapshot: payloads, or a compact form with or without them.

use std::sync::OnceLock;

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use qiskit_ibm_native_core::compact::{Compact, Packed, VERSION, decode, encode};
use qiskit_ibm_native_core::snapshot::{DeviceData, Payloads, Snapshot};

use crate::error::{NativeError, NativeResult};

/// A snapshot whose bytes Python keeps.
pub type Native = Snapshot<PyBackedBytes>;

/// The bytes that a snapshot was made of.
pub enum Source {
    Payloads(Native),
    Compact(CompactSource),
}

/// A compact form, whose payloads are decompressed and parsed when they are first needed.
pub struct CompactSource {
    version: u16,
    bytes: PyBackedBytes,
    digest: [u8; 32],
    packed: Option<Packed>,
    full: OnceLock<Native>,
}

impl CompactSource {
    /// Decode a compact form.
    pub fn decode(py: Python<'_>, bytes: PyBackedBytes) -> NativeResult<(DeviceData, Self)> {
        let Compact { version, data, digest, packed } = py.detach(|| decode(&bytes))?;
        Ok((data, Self { version, bytes, digest, packed, full: OnceLock::new() }))
    }

    fn full(&self, py: Python<'_>) -> NativeResult<&Native> {
        if let Some(native) = self.full.get() {
            return Ok(native);
        }
        let packed = self.packed.as_ref().ok_or(NativeError::NoPayloads)?;
        let unpacked = py.detach(|| packed.unpack(&self.bytes, &self.digest))?;
        let keep = |bytes: Vec<u8>| PyBackedBytes::from(PyBytes::new(py, &bytes));
        let payloads = Payloads {
            configuration: keep(unpacked.configuration),
            properties: unpacked.properties.map(keep),
            defaults: unpacked.defaults.map(keep),
        };
        let native = py.detach(|| Native::new(payloads))?;
        Ok(self.full.get_or_init(|| native))
    }
}

impl Source {
    /// Return the snapshot with its payloads.
    pub fn full(&self, py: Python<'_>) -> NativeResult<&Native> {
        match self {
            Self::Payloads(native) => Ok(native),
            Self::Compact(compact) => compact.full(py),
        }
    }

    pub fn has_payloads(&self) -> bool {
        match self {
            Self::Payloads(_) => true,
            Self::Compact(compact) => compact.packed.is_some(),
        }
    }

    pub fn digest(&self, py: Python<'_>) -> [u8; 32] {
        match self {
            Self::Payloads(native) => *py.detach(|| native.digest()),
            Self::Compact(compact) => compact.digest,
        }
    }

    /// Encode a compact form of `data`, or return the one that the snapshot was made of if it is of today's version.
    pub fn to_compact<'py>(
        &self,
        py: Python<'py>,
        data: &DeviceData,
        with_payloads: bool,
    ) -> NativeResult<Bound<'py, PyBytes>> {
        if let Self::Compact(CompactSource { bytes, version: VERSION, packed: Some(_), .. }) = self
            && with_payloads
        {
            return Ok(bytes.into_pyobject(py)?);
        }
        let digest = self.digest(py);
        let payloads = if with_payloads { Some(self.full(py)?.payloads()) } else { None };
        let bytes = py.detach(|| encode(data, &digest, payloads))?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Return whether the pulse defaults payloads differ; `None` if one of the sources has no payloads to tell.
    ///
    /// Lengths, which need no decompression, tell most differences.
    pub fn has_other_defaults(&self, py: Python<'_>, other: &Self) -> NativeResult<Option<bool>> {
        if let (Some(one), Some(two)) = (self.defaults_length(), other.defaults_length()) {
            if one != two || one == 0 {
                return Ok(Some(one != two));
            }
            let (one, two) = (self.full(py)?.payloads(), other.full(py)?.payloads());
            return Ok(Some(one.defaults.as_deref() != two.defaults.as_deref()));
        }
        Ok((self.digest(py) == other.digest(py)).then_some(false))
    }

    /// Return the length of the pulse defaults in bytes, 0 if there are none; `None` if there are no payloads.
    fn defaults_length(&self) -> Option<usize> {
        match self {
            Self::Payloads(native) => Some(native.payloads().defaults.as_ref().map_or(0, |payload| payload.len())),
            Self::Compact(compact) => compact.packed.as_ref().map(Packed::defaults_length),
        }
    }
}
