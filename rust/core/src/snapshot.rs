// SPDX-License-Identifier: Apache-2.0
//! Snapshots: one device at one time, made of its payloads and named by their content.

use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256};

use crate::configuration::Configuration;
use crate::defaults::Defaults;
use crate::error::{Fault, Payload, PayloadError};
use crate::json::ReadResult;
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

/// Data of configuration and properties: all that targets, columns and differences need.
#[derive(Debug, Clone)]
pub struct DeviceData {
    /// The configuration; calibrations of one device share it.
    pub configuration: Arc<Configuration>,
    /// The properties, if there are any.
    pub properties: Option<Properties>,
}

/// A device at one time. Immutable; `B` keeps the bytes.
#[derive(Debug)]
pub struct Snapshot<B> {
    payloads: Payloads<B>,
    data: Arc<DeviceData>,
    defaults: Option<Arc<Defaults>>,
    digest: OnceLock<[u8; 32]>,
}

impl<B: AsRef<[u8]>> Snapshot<B> {
    /// Read the payloads.
    pub fn new(payloads: Payloads<B>) -> Result<Self, PayloadError> {
        let configuration = Arc::new(read_configuration(payloads.configuration.as_ref())?);
        Self::with_configuration(payloads, configuration)
    }

    /// Read the payloads but for the configuration's, of which `configuration` must have been read.
    pub fn with_configuration(payloads: Payloads<B>, configuration: Arc<Configuration>) -> Result<Self, PayloadError> {
        let properties = match &payloads.properties {
            Some(bytes) => read_properties(bytes.as_ref(), &configuration)
                .map_err(|fault| fault.in_payload(Payload::Properties, bytes.as_ref()))?,
            None => None,
        };
        let defaults = match &payloads.defaults {
            Some(bytes) => read_defaults(bytes.as_ref())?.map(Arc::new),
            None => None,
        };
        let data = Arc::new(DeviceData { configuration, properties });
        Ok(Self { payloads, data, defaults, digest: OnceLock::new() })
    }

    /// Return the payloads.
    pub fn payloads(&self) -> &Payloads<B> {
        &self.payloads
    }

    /// Return the data of configuration and properties.
    pub fn data(&self) -> &Arc<DeviceData> {
        &self.data
    }

    /// Return the configuration.
    pub fn configuration(&self) -> &Configuration {
        &self.data.configuration
    }

    /// The properties, if there are any.
    pub fn properties(&self) -> Option<&Properties> {
        self.data.properties.as_ref()
    }

    /// Return the pulse defaults, if there are any; shared, because they are of use without the rest.
    pub fn defaults(&self) -> Option<&Arc<Defaults>> {
        self.defaults.as_ref()
    }

    /// SHA-256 over the payloads, each preceded by its length in eight little-endian bytes, or by eight bytes of 255
    /// where there is none. Computed when first asked for.
    pub fn digest(&self) -> &[u8; 32] {
        self.digest.get_or_init(|| self.payloads.digest())
    }
}

impl<B: AsRef<[u8]>> Payloads<B> {
    /// The payloads in order, as far as there are any.
    pub fn in_order(&self) -> [Option<&[u8]>; 3] {
        let Self { configuration, properties, defaults } = self;
        [Some(configuration), properties.as_ref(), defaults.as_ref()].map(|payload| payload.map(AsRef::as_ref))
    }

    /// See [`Snapshot::digest`].
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for bytes in self.in_order() {
            hash.update(bytes.map_or(u64::MAX, |bytes| bytes.len() as u64).to_le_bytes());
            hash.update(bytes.unwrap_or_default());
        }
        hash.finalize().into()
    }
}

/// Read a configuration payload by itself.
pub fn read_configuration(bytes: &[u8]) -> Result<Configuration, PayloadError> {
    Configuration::read(bytes).map_err(|fault| fault.in_payload(Payload::Configuration, bytes))
}

fn read_properties(bytes: &[u8], configuration: &Configuration) -> ReadResult<Option<Properties>> {
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

/// Read a pulse defaults payload by itself.
pub fn read_defaults(bytes: &[u8]) -> Result<Option<Defaults>, PayloadError> {
    Defaults::read(bytes).map_err(|fault| fault.in_payload(Payload::Defaults, bytes))
}
