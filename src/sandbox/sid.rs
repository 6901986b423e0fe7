//! String identifiers: two letters that name the kind, then 32 hex digits.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A SID, kept as its exact 34 characters, so that a SID in other case is another SID.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sid([u8; 34]);

impl Sid {
    /// Reads `^[a-zA-Z]{2}[0-9a-fA-F]{32}$`; anything else is `None`.
    pub fn parse(text: &str) -> Option<Sid> {
        let bytes: [u8; 34] = text.as_bytes().try_into().ok()?;
        let well_formed =
            bytes[..2].iter().all(u8::is_ascii_alphabetic) && bytes[2..].iter().all(u8::is_ascii_hexdigit);
        well_formed.then_some(Sid(bytes))
    }

    /// Reads a SID of one kind, such as `BU`.
    pub fn of_kind(prefix: &str, text: &str) -> Option<Sid> {
        Sid::parse(text).filter(|sid| sid.prefix() == prefix)
    }

    /// Makes a SID of 128 bits.
    pub fn from_bits(prefix: &str, bits: [u8; 16]) -> Sid {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 34];
        text[..2].copy_from_slice(&prefix.as_bytes()[..2]);
        for (i, byte) in bits.iter().enumerate() {
            text[2 + 2 * i] = HEX[usize::from(byte >> 4)];
            text[3 + 2 * i] = HEX[usize::from(byte & 15)];
        }
        Sid(text)
    }

    /// The whole SID.
    pub fn as_str(&self) -> &str {
        // Both ways to make a SID let only ASCII in, so the fallback is never seen.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The two letters that name the kind.
    pub fn prefix(&self) -> &str {
        &self.as_str()[..2]
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Sid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Sid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Sid, D::Error> {
        let text = String::deserialize(deserializer)?;
        Sid::parse(&text).ok_or_else(|| serde::de::Error::custom("not a SID"))
    }
}
