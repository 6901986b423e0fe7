//! Our tag: the end of every name that we give, by which we know our things again.

use crate::model::Sid;
use sha2::{Digest, Sha256};

/// The longest FriendlyName we send, in characters. The API documents no limit for Trust Hub; 64
/// is the lowest that any other Twilio resource is documented to take.
pub const FRIENDLY_NAME_MAX: usize = 64;

/// The tag of one kind of resource in one subaccount, such as ` [tho-1a2b3c4d-profile]`.
///
/// It is made from the subaccount alone, so that every run and every ledger finds it again, and it
/// is an end with a closing bracket, so that no name that a person gives ends in it by accident.
pub fn tag(subaccount: &Sid, kind: &str) -> String {
    let hash = Sha256::digest(subaccount.as_str().as_bytes());
    format!(" [tho-{:02x}{:02x}{:02x}{:02x}-{kind}]", hash[0], hash[1], hash[2], hash[3])
}

/// The readable name, cut to fit, and the tag.
pub fn friendly_name(readable: &str, subaccount: &Sid, kind: &str) -> String {
    let tag = tag(subaccount, kind);
    let room = FRIENDLY_NAME_MAX.saturating_sub(tag.chars().count());
    let name: String = readable.trim().chars().take(room).collect();
    format!("{}{tag}", name.trim_end())
}

/// Whether a name is one that we gave to this kind of resource in this subaccount.
pub fn bears_tag(name: &str, subaccount: &Sid, kind: &str) -> bool {
    name.ends_with(&tag(subaccount, kind))
}

/// The readable part of a name: without our tag, where it bears one of this kind and subaccount.
pub fn without_tag<'n>(name: &'n str, subaccount: &Sid, kind: &str) -> &'n str {
    name.strip_suffix(&tag(subaccount, kind)).unwrap_or(name)
}
