// SPDX-License-Identifier: Apache-2.0
//! A pull reader: the caller asks for what it expects next.

use jiter::{Jiter, JiterResult, NumberAny, NumberInt};

use crate::Summary;

/// Reads an object, giving each key to `member`, which must read or skip the value.
fn object<'j>(
    reader: &mut Jiter<'j>,
    mut member: impl FnMut(&mut Jiter<'j>, &str) -> JiterResult<()>,
) -> JiterResult<()> {
    let mut next = reader.next_object()?.map(str::to_owned);
    while let Some(key) = next {
        member(reader, &key)?;
        next = reader.next_key()?.map(str::to_owned);
    }
    Ok(())
}

/// Reads an array; `element` must read one value.
fn array<'j>(reader: &mut Jiter<'j>, mut element: impl FnMut(&mut Jiter<'j>) -> JiterResult<()>) -> JiterResult<usize> {
    let mut count = 0;
    let mut next = reader.next_array()?;
    while next.is_some() {
        element(reader)?;
        count += 1;
        next = reader.array_step()?;
    }
    Ok(count)
}

fn number(reader: &mut Jiter<'_>) -> JiterResult<f64> {
    Ok(match reader.next_number()? {
        NumberAny::Float(value) => value,
        #[allow(clippy::cast_precision_loss, reason = "as serde does")]
        NumberAny::Int(NumberInt::Int(value)) => value as f64,
        NumberAny::Int(NumberInt::BigInt(_)) => f64::NAN,
    })
}

/// What a quantity is called, as far as it is added up.
#[derive(Clone, Copy, PartialEq)]
enum Name {
    T1,
    Error,
    Length,
    Other,
}

fn quantity(reader: &mut Jiter<'_>) -> JiterResult<(Name, f64)> {
    let (mut name, mut value) = (Name::Other, 0.0);
    object(reader, |reader, key| {
        match key {
            "name" => {
                name = match reader.next_str()? {
                    "T1" => Name::T1,
                    "gate_error" => Name::Error,
                    "gate_length" => Name::Length,
                    _ => Name::Other,
                }
            }
            "unit" => drop(reader.next_str()?.len()),
            "value" => value = number(reader)?,
            _ => reader.next_skip()?,
        }
        Ok(())
    })?;
    Ok((name, value))
}

fn read(configuration: &[u8], properties: &[u8]) -> JiterResult<Summary> {
    let mut summary = Summary::default();
    object(&mut Jiter::new(configuration), |reader, key| {
        match key {
            "n_qubits" => summary.num_qubits = number(reader)? as u32,
            "gates" => {
                array(reader, |reader| {
                    object(reader, |reader, key| {
                        if key != "coupling_map" {
                            return reader.next_skip();
                        }
                        summary.defined_places += array(reader, |reader| {
                            array(reader, |reader| number(reader).map(drop)).map(drop)
                        })?;
                        Ok(())
                    })
                })?;
            }
            _ => reader.next_skip()?,
        }
        Ok(())
    })?;
    object(&mut Jiter::new(properties), |reader, key| {
        match key {
            "qubits" => {
                array(reader, |reader| {
                    array(reader, |reader| {
                        let (name, value) = quantity(reader)?;
                        summary.t1_sum += if name == Name::T1 { value } else { 0.0 };
                        Ok(())
                    })
                    .map(drop)
                })?;
            }
            "gates" => {
                summary.measured_places = array(reader, |reader| {
                    object(reader, |reader, key| {
                        match key {
                            "qubits" => drop(array(reader, |reader| number(reader).map(drop))?),
                            "gate" => drop(reader.next_str()?.len()),
                            "parameters" => {
                                array(reader, |reader| {
                                    let (name, value) = quantity(reader)?;
                                    summary.error_sum += if name == Name::Error { value } else { 0.0 };
                                    summary.duration_sum += if name == Name::Length { value } else { 0.0 };
                                    Ok(())
                                })?;
                            }
                            _ => reader.next_skip()?,
                        }
                        Ok(())
                    })
                })?;
            }
            _ => reader.next_skip()?,
        }
        Ok(())
    })?;
    Ok(summary)
}

pub fn jiter(configuration: &[u8], properties: &[u8]) -> Summary {
    read(configuration, properties).expect("JSON")
}
