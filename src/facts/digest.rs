//! Digests of what was sent: enough to see a change, too little to read anything back.

use crate::flow::Verb;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Sixteen bytes of a keyed hash of what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Digest {
    /// The version of what is hashed: a release in which a request has another field counts one more. 1 is that of
    /// everything that was written before digests had versions.
    pub version: u8,
    pub bytes: [u8; 16],
}

/// What is known of the content that a step stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Content {
    /// It was sent, or an answer has shown it.
    Known(Digest),
    /// It was found by its tag, or its update has no answer yet.
    Unknown,
    /// That of a bundle that was submitted before us: not ours to make or to judge.
    BeforeUs,
    /// The step stands for no content, as a read does.
    Nothing,
}

impl Content {
    /// What is known where there is no digest. A ledger of format 1 says no more of such a step.
    pub fn without_digest(verb: Verb) -> Content {
        match verb {
            Verb::Create(_) | Verb::Assign(_) | Verb::CheckAddress | Verb::Evaluate => Content::Unknown,
            Verb::Submit => Content::BeforeUs,
            Verb::CheckAccount
            | Verb::Discover
            | Verb::ResolveNumbers
            | Verb::AssignNumbers
            | Verb::Review => Content::Nothing,
        }
    }

    pub fn is_known(self) -> bool {
        matches!(self, Content::Known(_))
    }

    /// Whether nothing tells the two apart: the same content, or no digest on either side. The same bytes are the
    /// same content in every version.
    pub fn is(self, other: Content) -> bool {
        match (self, other) {
            (Content::Known(one), Content::Known(other)) => one.bytes == other.bytes,
            (one, other) => !one.is_known() && !other.is_known(),
        }
    }
}

/// The key of one ledger's digests: 32 random bytes that the ledger keeps. Without a key, the
/// digest of a phone number could be turned back by trying all ten billion of them anywhere; with
/// it, one needs the ledger itself.
#[derive(Clone)]
pub struct DigestKey(Hmac<Sha256>);

impl DigestKey {
    /// The key is worked in once: it is a third of the work of a short digest.
    pub fn new(bytes: [u8; 32]) -> DigestKey {
        // A key of any length is taken, and 32 bytes fit in one block.
        match Hmac::<Sha256>::new_from_slice(&bytes) {
            Ok(mac) => DigestKey(mac),
            Err(_) => unreachable!("HMAC takes keys of every length"),
        }
    }

    pub fn hasher(&self) -> Hasher {
        Hasher(self.0.clone())
    }

    pub fn digest(&self, parts: &[&str]) -> [u8; 16] {
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
    pub fn finish(self) -> [u8; 16] {
        let full = self.0.finalize().into_bytes();
        let mut digest = [0; 16];
        digest.copy_from_slice(&full[..16]);
        digest
    }
}
