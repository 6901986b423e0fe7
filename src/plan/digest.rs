//! Digests of what was sent: enough to see a change, too little to read anything back.

use super::facts::Digest;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The key of one ledger's digests: 32 random bytes that the ledger keeps. Without a key, the
/// digest of a phone number could be turned back by trying all ten billion of them anywhere; with
/// it, one needs the ledger itself.
#[derive(Clone)]
pub struct DigestKey([u8; 32]);

impl DigestKey {
    pub fn new(bytes: [u8; 32]) -> DigestKey {
        DigestKey(bytes)
    }

    pub fn hasher(&self) -> Hasher {
        // A key of any length is taken, and 32 bytes fit in one block.
        match Hmac::<Sha256>::new_from_slice(&self.0) {
            Ok(mac) => Hasher(mac),
            Err(_) => unreachable!("HMAC takes keys of every length"),
        }
    }

    pub fn digest(&self, parts: &[&str]) -> Digest {
        let mut hasher = self.hasher();
        for part in parts {
            hasher.add(part.as_bytes());
        }
        hasher.finish()
    }
}

/// A digest in the making.
pub struct Hasher(Hmac<Sha256>);

impl Hasher {
    /// Adds one part. Its length goes in too, so that `ab, c` and `a, bc` differ.
    pub fn add(&mut self, part: &[u8]) {
        self.0.update(&(part.len() as u64).to_be_bytes());
        self.0.update(part);
    }

    /// The first half of the HMAC-SHA-256: sixteen bytes are plenty to see a change.
    pub fn finish(self) -> Digest {
        let full = self.0.finalize().into_bytes();
        let mut digest = [0; 16];
        digest.copy_from_slice(&full[..16]);
        digest
    }
}
