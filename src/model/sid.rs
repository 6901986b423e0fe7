//! Twilio's string identifiers: two letters for the kind, then 32 hexadecimal digits.

use std::fmt;

/// A well-formed Twilio SID, such as `AC` and 32 hexadecimal digits (34 characters; spec pattern
/// `^[a-zA-Z]{2}[0-9a-fA-F]{32}$`).
///
/// The digits are kept in lower case: the spec accepts both, real ones are lower case, and two
/// spellings of one account must not count as two customers.
/// They lie in place: a run copies its accounts' SIDs for every call, and none of that asks the heap.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sid([u8; LENGTH]);

const LENGTH: usize = 34;

/// What a SID names, told by its two letters. Only the kinds that this flow meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SidKind {
    Account,
    ApiKey,
    Address,
    /// A customer profile or a trust product: Twilio gives both the letters BU.
    Bundle,
    ChannelEndpointAssignment,
    EndUser,
    EntityAssignment,
    Evaluation,
    PhoneNumber,
    Policy,
    SupportingDocument,
}

impl SidKind {
    pub const ALL: [SidKind; 11] = [
        SidKind::Account,
        SidKind::ApiKey,
        SidKind::Address,
        SidKind::Bundle,
        SidKind::ChannelEndpointAssignment,
        SidKind::EndUser,
        SidKind::EntityAssignment,
        SidKind::Evaluation,
        SidKind::PhoneNumber,
        SidKind::Policy,
        SidKind::SupportingDocument,
    ];

    /// The two letters in front.
    pub fn prefix(self) -> &'static str {
        match self {
            SidKind::Account => "AC",
            SidKind::ApiKey => "SK",
            SidKind::Address => "AD",
            SidKind::Bundle => "BU",
            SidKind::ChannelEndpointAssignment => "RA",
            SidKind::EndUser => "IT",
            SidKind::EntityAssignment => "BV",
            SidKind::Evaluation => "EL",
            SidKind::PhoneNumber => "PN",
            SidKind::Policy => "RN",
            SidKind::SupportingDocument => "RD",
        }
    }

    /// What a person calls it, for messages.
    pub fn noun(self) -> &'static str {
        match self {
            SidKind::Account => "account",
            SidKind::ApiKey => "API key",
            SidKind::Address => "address",
            SidKind::Bundle => "customer profile or trust product",
            SidKind::ChannelEndpointAssignment => "phone number assignment",
            SidKind::EndUser => "end user",
            SidKind::EntityAssignment => "entity assignment",
            SidKind::Evaluation => "evaluation",
            SidKind::PhoneNumber => "phone number",
            SidKind::Policy => "policy",
            SidKind::SupportingDocument => "supporting document",
        }
    }
}

impl Sid {
    /// Reads a SID of any kind; `None` where `text` is not two letters and 32 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Sid> {
        let mut bytes: [u8; LENGTH] = text.as_bytes().try_into().ok()?;
        let (kind, digits) = bytes.split_at_mut(2);
        let well_formed =
            kind.iter().all(u8::is_ascii_alphabetic) && digits.iter().all(u8::is_ascii_hexdigit);
        kind.make_ascii_uppercase();
        digits.make_ascii_lowercase();
        well_formed.then_some(Sid(bytes))
    }

    /// Reads a SID of one kind; `None` where it is malformed or of another kind.
    pub fn parse_as(kind: SidKind, text: &str) -> Option<Sid> {
        Sid::parse(text).filter(|sid| sid.is(kind))
    }

    pub fn is(&self, kind: SidKind) -> bool {
        self.0.starts_with(kind.prefix().as_bytes())
    }

    /// The kind, if it is one that this flow meets.
    pub fn kind(&self) -> Option<SidKind> {
        SidKind::ALL.into_iter().find(|kind| self.is(*kind))
    }

    pub fn as_str(&self) -> &str {
        // Only letters and digits of ASCII are ever put in.
        str::from_utf8(&self.0).unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_of_one_sid_are_the_same_sid() {
        let lower = Sid::parse("acabcdefabcdefabcdefabcdefabcdefab");
        assert_eq!(lower, Sid::parse("ACABCDEFABCDEFABCDEFABCDEFABCDEFAB"));
        assert_eq!(lower.map(|sid| sid.to_string()).as_deref(), Some("ACabcdefabcdefabcdefabcdefabcdefab"));
    }

    #[test]
    fn a_sid_of_another_kind_or_length_is_not_taken() {
        let number = "PN00000000000000000000000000000001";
        assert_eq!(Sid::parse_as(SidKind::Account, number), None);
        assert_eq!(Sid::parse(&number[..33]), None);
        assert_eq!(Sid::parse("PN0000000000000000000000000000000g"), None);
        assert_eq!(Sid::parse("ÄN000000000000000000000000000000001"), None);
    }
}
