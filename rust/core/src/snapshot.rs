// SPDX-License-Identifier: Apache-2.0
//! The unit of everything: one device at one time, made of its payloads and named by their content.

use std::sync::OnceLock;

use sha2::{Digest, Sha256};

use crate::configuration::Configuration;
use crate::error::{Fault, Payload, PayloadError};
use crate::json::{Read, Reader};
use crate::properties::Properties;

/// The bytes that a device published, as received.
#[derive(Debug, Clone)]
pub struct Payloads<B> {
    /// The configuration payload.
    pub configuration: B,
    /// The properties payload.
    pub properties: Option<B>,
    /// The pulse defaults payload.
    pub defaults: Option<B>,
}

/// A device at one time. Immutable; `B` is whatever keeps the bytes.
#[derive(Debug)]
pub struct Snapshot<B> {
    payloads: Payloads<B>,
    configuration: Configuration,
    properties: Option<Properties>,
    digest: OnceLock<[u8; 32]>,
}

impl<B: AsRef<[u8]>> Snapshot<B> {
    /// Reads configuration and properties; defaults are only checked to be JSON.
    pub fn new(payloads: Payloads<B>) -> Result<Self, PayloadError> {
        let bytes = payloads.configuration.as_ref();
        let configuration =
            Configuration::read(bytes).map_err(|fault| fault.in_payload(Payload::Configuration, bytes))?;
        let properties = match &payloads.properties {
            Some(bytes) => read_properties(bytes.as_ref(), &configuration)
                .map_err(|fault| fault.in_payload(Payload::Properties, bytes.as_ref()))?,
            None => None,
        };
        if let Some(bytes) = &payloads.defaults {
            check(bytes.as_ref()).map_err(|fault| fault.in_payload(Payload::Defaults, bytes.as_ref()))?;
        }
        Ok(Self { payloads, configuration, properties, digest: OnceLock::new() })
    }

    /// The bytes that the snapshot was made of.
    pub fn payloads(&self) -> &Payloads<B> {
        &self.payloads
    }

    /// What the device is.
    pub fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// What was measured on it, unless there are no properties.
    pub fn properties(&self) -> Option<&Properties> {
        self.properties.as_ref()
    }

    /// SHA-256 over the payloads, each preceded by its length in eight little-endian bytes, or by eight bytes of 255
    /// where there is none. Computed when first asked for.
    pub fn digest(&self) -> &[u8; 32] {
        self.digest.get_or_init(|| {
            let Payloads { configuration, properties, defaults } = &self.payloads;
            let mut hash = Sha256::new();
            for payload in [Some(configuration), properties.as_ref(), defaults.as_ref()] {
                let bytes = payload.map(AsRef::as_ref);
                hash.update(bytes.map_or(u64::MAX, |bytes| bytes.len() as u64).to_le_bytes());
                hash.update(bytes.unwrap_or_default());
            }
            hash.finalize().into()
        })
    }
}

fn read_properties(bytes: &[u8], configuration: &Configuration) -> Read<Option<Properties>> {
    let Some(properties) = Properties::read(bytes, configuration.num_qubits)? else { return Ok(None) };
    if let Some(name) = &properties.backend_name
        && *name != configuration.backend_name
    {
        let offset =
            properties.members.iter(bytes).rfind(|(key, _)| key == "backend_name").map_or(0, |(_, span)| span.start);
        let expected = format!("the properties of \"{}\", which the configuration is of", configuration.backend_name);
        return Err(Fault::expected(offset as usize, expected));
    }
    Ok(Some(properties))
}

/// Makes sure that `bytes` is one JSON object.
fn check(bytes: &[u8]) -> Read<()> {
    let mut reader = Reader::new(bytes)?;
    reader.peek();
    reader.object(|reader, _| reader.skip().map(drop))?;
    reader.finish()
}
