// SPDX-License-Identifier: Apache-2.0
//! Enums whose variants have names in payloads.

/// Define an enum of named variants. `ALL`, `COUNT`, `name` and `named` follow from the one list, so that a variant
/// cannot be missing from one of them, or have the name of another.
macro_rules! named_enum {
    (
        $(#[$attribute:meta])*
        pub enum $Enum:ident {
            $($(#[$variant_attribute:meta])* $Variant:ident = $name:literal,)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $Enum {
            $($(#[$variant_attribute])* $Variant,)+
        }

        impl $Enum {
            /// The number of variants.
            pub const COUNT: usize = [$($name),+].len();

            /// All variants in order: `ALL[index] as usize == index`.
            pub const ALL: [Self; Self::COUNT] = [$(Self::$Variant),+];

            /// Return the name in payloads.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$Variant => $name,)+
                }
            }

            /// Return the variant that payloads call `name`.
            #[must_use]
            pub fn named(name: &[u8]) -> Option<Self> {
                Self::ALL.into_iter().find(|variant| variant.name().as_bytes() == name)
            }
        }
    };
}

pub(crate) use named_enum;
