//! The steps of the flow by name, and the verbs that they are made of.

use crate::model::{Customer, Sid, SidKind};
use crate::products::Resource;
use std::fmt;

macro_rules! step_ids {
    ($($(#[$doc:meta])* $id:ident = $name:literal,)*) => {
        /// A step of the flow. Its name is the same in the ledger, the results and every message.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum StepId { $($(#[$doc])* $id,)* }

        impl StepId {
            pub const ALL: &'static [StepId] = &[$(StepId::$id,)*];

            /// The public name, such as `supporting_document_assignment`.
            pub fn name(self) -> &'static str {
                match self { $(StepId::$id => $name,)* }
            }
        }
    };
}

step_ids! {
    /// The subaccount is there, active and owned by the parent; its auth token is read.
    Account = "account",
    /// What the subaccount has already under our policies, read at the first touch of every run.
    Existing = "existing_resources",
    /// The sheet's numbers as SIDs of the subaccount.
    PhoneNumbers = "phone_numbers",
    CustomerProfile = "customer_profile",
    PrimaryProfileAssignment = "primary_profile_assignment",
    /// An address that the row names by its SID.
    ExistingAddress = "existing_address",
    /// An address that is created from the row.
    Address = "address",
    SupportingDocument = "supporting_document",
    SupportingDocumentAssignment = "supporting_document_assignment",
    BusinessInformation = "business_information",
    BusinessInformationAssignment = "business_information_assignment",
    Representative1 = "representative_1",
    Representative1Assignment = "representative_1_assignment",
    Representative2 = "representative_2",
    Representative2Assignment = "representative_2_assignment",
    CustomerProfileNumbers = "customer_profile_phone_numbers",
    CustomerProfileEvaluation = "customer_profile_evaluation",
    CustomerProfileSubmission = "customer_profile_submission",
    CustomerProfileReview = "customer_profile_review",
    TrustProduct = "trust_product",
    VoiceIntegrityInformation = "voice_integrity_information",
    VoiceIntegrityInformationAssignment = "voice_integrity_information_assignment",
    CustomerProfileAssignment = "customer_profile_assignment",
    TrustProductNumbers = "trust_product_phone_numbers",
    TrustProductEvaluation = "trust_product_evaluation",
    TrustProductSubmission = "trust_product_submission",
    TrustProductReview = "trust_product_review",
}

impl StepId {
    /// The step of that public name.
    pub fn parse(name: &str) -> Option<StepId> {
        StepId::ALL.iter().copied().find(|step| step.name() == name)
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The two things that are submitted for vetting. Twilio gives both the letters BU.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bundle {
    /// The secondary business profile.
    CustomerProfile,
    /// The Voice Integrity trust product.
    TrustProduct,
}

impl Bundle {
    pub const BOTH: [Bundle; 2] = [Bundle::CustomerProfile, Bundle::TrustProduct];

    /// The step that creates it.
    pub fn made_by(self) -> StepId {
        match self {
            Bundle::CustomerProfile => StepId::CustomerProfile,
            Bundle::TrustProduct => StepId::TrustProduct,
        }
    }

    pub fn submitted_by(self) -> StepId {
        match self {
            Bundle::CustomerProfile => StepId::CustomerProfileSubmission,
            Bundle::TrustProduct => StepId::TrustProductSubmission,
        }
    }

    pub fn reviewed_by(self) -> StepId {
        match self {
            Bundle::CustomerProfile => StepId::CustomerProfileReview,
            Bundle::TrustProduct => StepId::TrustProductReview,
        }
    }

    /// The step that puts numbers on it.
    pub fn numbered_by(self) -> StepId {
        match self {
            Bundle::CustomerProfile => StepId::CustomerProfileNumbers,
            Bundle::TrustProduct => StepId::TrustProductNumbers,
        }
    }

    /// The one that the row names, if it does.
    pub fn named_by(self, customer: &Customer) -> Option<&Sid> {
        match self {
            Bundle::CustomerProfile => customer.customer_profile.as_ref(),
            Bundle::TrustProduct => customer.trust_product.as_ref(),
        }
    }

    /// The column in which the row names it.
    pub fn column(self) -> &'static str {
        match self {
            Bundle::CustomerProfile => "customer_profile_sid",
            Bundle::TrustProduct => "trust_product_sid",
        }
    }

    /// The collection that it stands in.
    pub fn path(self) -> &'static str {
        match self {
            Bundle::CustomerProfile => "/v1/CustomerProfiles",
            Bundle::TrustProduct => "/v1/TrustProducts",
        }
    }
}

/// The two lists of what is assigned to a bundle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Assignments {
    /// End users, documents and other bundles.
    Entities,
    /// Phone numbers.
    ChannelEndpoints,
}

impl Assignments {
    /// The end of its path.
    pub fn path(self) -> &'static str {
        match self {
            Assignments::Entities => "EntityAssignments",
            Assignments::ChannelEndpoints => "ChannelEndpointAssignments",
        }
    }
}

/// What a step does. A product is a table of these, and the order of the table is the order of
/// the dependencies.
#[derive(Clone, Copy)]
pub enum Verb {
    /// Reads the subaccount: it must fit and be active.
    CheckAccount,
    /// Reads what is there already and takes over what bears our mark.
    Survey,
    /// Reads which SIDs the sheet's numbers have.
    ResolveNumbers,
    /// Reads the address that the row names: it must be the subaccount's and in the US.
    CheckAddress,
    /// Creates a resource.
    Make(&'static Resource),
    /// Connects what another step made, or the primary profile, to a bundle.
    Attach(Object, Bundle),
    /// Puts each number on a bundle.
    AssignNumbers(Bundle),
    /// Asks whether a bundle would pass.
    Evaluate(Bundle),
    /// Sends a bundle for vetting.
    Submit(Bundle),
    /// Reads how the vetting stands.
    Review(Bundle),
}

impl Verb {
    /// Whether the look at what is there already, before a run begins anything, can refuse it or leave it in
    /// doubt.
    pub fn can_hold_back(self) -> bool {
        matches!(self, Verb::Make(_) | Verb::Attach(..))
    }

    /// Whether it only reads, so that it may be repeated at will.
    pub fn only_reads(self) -> bool {
        matches!(
            self,
            Verb::CheckAccount | Verb::Survey | Verb::ResolveNumbers | Verb::CheckAddress | Verb::Review(_)
        )
    }
}

/// What can be connected to a bundle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Object {
    /// The reseller's own profile, owned by the parent account.
    PrimaryProfile,
    /// What that step made.
    MadeBy(StepId),
}

/// One line of a product's table.
#[derive(Clone, Copy)]
pub struct Step {
    pub id: StepId,
    pub verb: Verb,
    /// The bundle whose content this step is part of: what may still be changed follows its status.
    pub bundle: Bundle,
    /// Whether the row asks for this step.
    pub wanted_by: fn(&Customer) -> bool,
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
    /// Not a share at all: the digits of a SID that bears our mark and is not the one that we use,
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
    fn every_step_is_found_by_its_public_name() {
        for step in StepId::ALL {
            assert_eq!(StepId::parse(step.name()), Some(*step));
        }
        assert_eq!(StepId::parse("no_such_step"), None);
    }

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
