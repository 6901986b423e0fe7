//! The steps of a flow, and the verbs that they are made of.

use super::bundle::{BundleId, Collection};
use super::request::Form;
use crate::model::{Customer, Sid, SidKind};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// One line of a product's table.
pub struct Step {
    /// The same in the ledger, the results and every message, such as `supporting_document_assignment`.
    pub name: &'static str,
    pub verb: Verb,
    /// The bundle whose content this step is part of: what may still be changed follows its status.
    pub bundle: BundleId,
    /// Whether the row asks for this step.
    pub wanted_by: fn(&Customer) -> bool,
}

/// One step of the flow, known by its address.
pub type StepId = &'static Step;

/// What a step does.
#[derive(Clone, Copy)]
pub enum Verb {
    /// Reads the subaccount: it must fit and be active.
    CheckAccount,
    /// Reads what is there already and takes over what bears our tag.
    Discover,
    /// Reads which SIDs the sheet's numbers have.
    ResolveNumbers,
    /// Reads the address that the row names: it must be the subaccount's and in the US.
    CheckAddress,
    /// Creates a resource.
    Create(&'static Resource),
    /// Assigns what another step made, or the primary profile, to the bundle.
    Assign(Object),
    /// Puts each number on the bundle.
    AssignNumbers,
    /// Asks whether the bundle would pass.
    Evaluate,
    /// Sends the bundle for vetting.
    Submit,
    /// Reads how the vetting stands.
    Review,
}

impl Verb {
    /// Whether it only reads, so that it may be repeated at will.
    pub fn only_reads(self) -> bool {
        match self {
            Verb::CheckAccount
            | Verb::Discover
            | Verb::ResolveNumbers
            | Verb::CheckAddress
            | Verb::Review => true,
            Verb::Create(_) | Verb::Assign(_) | Verb::AssignNumbers | Verb::Evaluate | Verb::Submit => false,
        }
    }

    /// Whether the look at what is there already, before a run begins anything, can refuse it or leave it in
    /// doubt.
    pub fn can_hold_back(self) -> bool {
        matches!(self, Verb::Create(_) | Verb::Assign(_))
    }

    /// The version of the content that it sends today.
    pub fn content_version(self) -> u8 {
        match self {
            Verb::Create(resource) => 1 + resource.earlier.len() as u8,
            _ => 1,
        }
    }

    /// Whether the SID that it yields is that of something which its request made.
    pub fn creates(self) -> bool {
        matches!(self, Verb::Create(_) | Verb::Assign(_) | Verb::AssignNumbers)
    }
}

/// How a resource is created and known again.
pub struct Resource {
    pub collection: Collection,
    /// The end of our tag in its name: what kind of thing it is to us.
    pub tag: &'static str,
    /// The parameters that only its creation takes, and that tell its kind in a list. A bundle has its
    /// policy besides.
    pub fixed: &'static [(&'static str, &'static str)],
    /// The steps one of which yields the SID that the content names, if it names one.
    pub names: &'static [StepId],
    /// What the row puts into it, with the SID that it names; `None` while that is not known.
    pub content: ContentOf,
    /// What earlier releases put into it, the first one first. A release that adds a field or changes one puts the
    /// function before here: what was submitted with it is compared with it.
    pub earlier: &'static [ContentOf],
}

/// What a row puts into a resource.
pub type ContentOf = fn(&Customer, Option<&Sid>) -> Option<Form>;

/// What can be assigned to a bundle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Object {
    /// The reseller's own profile, owned by the parent account.
    PrimaryProfile,
    /// What that step made.
    MadeBy(StepId),
}

// A step is the same if it is the same static. The order serves maps only.

impl PartialEq for Step {
    fn eq(&self, other: &Step) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Step {}

impl PartialOrd for Step {
    fn partial_cmp(&self, other: &Step) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Step {
    fn cmp(&self, other: &Step) -> Ordering {
        std::ptr::from_ref(self).cmp(&std::ptr::from_ref(other))
    }
}

impl Hash for Step {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::ptr::from_ref(self).hash(state);
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// A step, or one number's share of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key {
    pub step: StepId,
    pub part: Part,
}

impl From<StepId> for Key {
    fn from(step: StepId) -> Key {
        Key { step, part: Part::Whole }
    }
}

/// Which share of a step.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Part {
    Whole,
    /// The number with this SID: `PN` and these digits.
    Number([u8; 16]),
    /// A number that the sheet names by its digits, as a keyed digest: the ledger holds no number.
    Wanted([u8; 16]),
    /// Not a share at all: the digits of a SID that bears our tag and is not the one that we use,
    /// as a person has said.
    Disowned([u8; 16]),
}

impl Part {
    /// The share of the number with this SID; `Whole` for a SID of another kind, which no caller has.
    pub fn number(sid: &Sid) -> Part {
        match (sid.is(SidKind::PhoneNumber), from_hex(&sid.as_str()[2..])) {
            (true, Some(digits)) => Part::Number(digits),
            _ => Part::Whole,
        }
    }

    /// The number's SID, if this is the share of one that has a SID.
    pub fn sid(self) -> Option<Sid> {
        match self {
            Part::Number(digits) => Sid::parse(&format!("PN{}", to_hex(&digits))),
            _ => None,
        }
    }

    /// Whether this is the share of a number that has a SID.
    pub fn has_sid(self) -> bool {
        matches!(self, Part::Number(_))
    }

    /// The note that a resource is not the one that we use.
    pub fn disowned(sid: &Sid) -> Option<Part> {
        from_hex(&sid.as_str()[2..]).map(Part::Disowned)
    }

    /// The ledger's spelling: empty, `PN…`, or `wanted:` or `not:` and 32 hexadecimal digits.
    pub fn to_text(self) -> String {
        match self {
            Part::Disowned(digits) => format!("not:{}", to_hex(&digits)),
            Part::Whole => String::new(),
            Part::Number(digits) => format!("PN{}", to_hex(&digits)),
            Part::Wanted(digest) => format!("wanted:{}", to_hex(&digest)),
        }
    }

    /// Reads the ledger's spelling.
    pub fn parse(text: &str) -> Option<Part> {
        if text.is_empty() {
            return Some(Part::Whole);
        }
        if let Some(digits) = text.strip_prefix("not:") {
            return from_hex(digits).map(Part::Disowned);
        }
        match text.strip_prefix("wanted:") {
            Some(digest) => from_hex(digest).map(Part::Wanted),
            None => text.strip_prefix("PN").and_then(from_hex).map(Part::Number),
        }
    }
}

/// 32 lower-case hexadecimal digits.
pub fn to_hex(bytes: &[u8; 16]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(32);
    for byte in bytes {
        text.push(DIGITS[usize::from(byte >> 4)] as char);
        text.push(DIGITS[usize::from(byte & 15)] as char);
    }
    text
}

/// Reads 32 hexadecimal digits of either case.
pub fn from_hex(text: &str) -> Option<[u8; 16]> {
    u128::from_str_radix(text, 16).ok().filter(|_| text.len() == 32).map(u128::to_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_a_step_survives_the_ledgers_spelling() {
        let number = Sid::parse("PN0123456789abcdef0123456789abcdef").unwrap();
        for part in [Part::Whole, Part::number(&number), Part::Wanted([0xa5; 16]), Part::Disowned([7; 16])] {
            assert_eq!(Part::parse(&part.to_text()), Some(part));
        }
        assert_eq!(Part::number(&number).sid(), Some(number));
        assert_eq!(Part::parse("PN12"), None);
        assert_eq!(Part::parse("+14155550123"), None);
    }
}
