//! Why a step is refused, and what else is worth knowing of it.

use crate::model::Sid;

/// Something worth knowing of a step that is done all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// The API refused the evaluation call itself.
    NotEvaluated,
    /// The evaluation was noncompliant, and `--evaluate warn` went on.
    Noncompliant,
    /// The row has named this bundle: somebody else had made it.
    Named,
}

/// Why a step is refused, in codes and SIDs only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The HTTP status of the answer; `None` where we refused before asking.
    pub http_status: Option<u16>,
    pub code: Code,
    /// The resource that stands in the way, where one does.
    pub sid: Option<Sid>,
    /// `RQ…` of Twilio's answer.
    pub request_id: Option<String>,
    /// For an evaluation: the failing fields as `object_type.object_field`, comma-separated. For a change
    /// after the submission: the column, where one is to be named. For a draft that holds what is not
    /// ours: each type and SID. For numbers that are not taken off: how many.
    pub fields: Option<String>,
}

impl Reason {
    /// Our own refusal, before or instead of asking.
    pub fn ours(code: OurCode) -> Reason {
        Reason { http_status: None, code: Code::Ours(code), sid: None, request_id: None, fields: None }
    }

    /// Names the resource that stands in the way.
    pub fn naming(self, sid: Sid) -> Reason {
        Reason { sid: Some(sid), ..self }
    }
}

/// What kind of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Twilio's number for it, such as 20404.
    Twilio(u32),
    /// The answer had no code; its HTTP status says all.
    None,
    Ours(OurCode),
}

macro_rules! our_codes {
    ($($(#[$doc:meta])* $id:ident = $name:literal,)*) => {
        /// Refusals that are ours, by their public names.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum OurCode { $($(#[$doc])* $id,)* }

        impl OurCode {
            pub const ALL: &'static [OurCode] = &[$(OurCode::$id,)*];

            /// The public name, such as `changed_after_submission`.
            pub fn name(self) -> &'static str {
                match self { $(OurCode::$id => $name,)* }
            }
        }
    };
}

our_codes! {
    /// The row differs from what was submitted.
    ChangedAfterSubmission = "changed_after_submission",
    /// A bundle without our tag is under the same policy already.
    ExistsAlready = "exists_already",
    /// A bundle with our tag is there that this ledger knows nothing of, and `--existing refuse` is given.
    UnknownToTheLedger = "unknown_to_the_ledger",
    /// The row names a bundle, and the customer has been begun with another one.
    OtherBundleBegun = "other_bundle_begun",
    /// The row names a bundle that is not under our policy, or not the subaccount's.
    NotSuchABundle = "not_such_a_bundle",
    /// The parent has no account with this SID, or the account is not the parent's.
    NotASubaccount = "not_a_subaccount",
    /// The row names a draft that holds something of a type of ours that was made by hand.
    HoldsWhatIsNotOurs = "holds_what_is_not_ours",
    /// The subaccount is suspended or closed.
    AccountNotActive = "account_not_active",
    /// The subaccount's auth token is refused even after it was read again.
    Unauthorized = "unauthorized",
    /// The primary profile does not exist or is not approved.
    PrimaryProfile = "primary_profile_not_usable",
    /// The address is not the subaccount's or not in the US.
    AddressNotUsable = "address_not_usable",
    /// The subaccount has no number at all, or none that the row names.
    NoNumbers = "no_numbers",
    /// The subaccount has no such number.
    NumberNotFound = "number_not_found",
    /// A product does not take this number, which holds nothing back unless it takes none of the row's.
    NumberNotEligible = "number_not_eligible",
    /// The number is on another bundle.
    NumberElsewhere = "number_elsewhere",
    /// More numbers would be taken off than may go in one run.
    TooManyToRemove = "too_many_numbers_to_remove",
    /// A bundle would lose its last number.
    LastToRemove = "last_number_to_remove",
    /// A list does not show what is there, so that it says nothing about what is to go.
    NumbersNotListed = "numbers_not_listed",
    /// The evaluation says what is missing.
    Noncompliant = "noncompliant",
    /// An update was answered with success, and reads show that it did not change what it should have.
    ContentNotTaken = "content_not_taken",
}
