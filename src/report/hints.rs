//! What a refusal means in plain words, and which column to look at.

mod codes;

use crate::facts::{Code, OurCode, Reason};
use codes::TWILIO;

/// A code's meaning and the way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hint {
    /// What it means, where the API's own words are missing.
    pub meaning: &'static str,
    /// What to do; columns are named as in the sheet.
    pub fix: &'static str,
}

/// The hint for a refusal.
pub fn hint(reason: &Reason) -> Option<Hint> {
    match reason.code {
        Code::Ours(code) => Some(ours(code)),
        Code::Twilio(code) => hint_for(code).or_else(|| hint_for_status(reason.http_status?)),
        Code::None => hint_for_status(reason.http_status?),
    }
}

/// The hint for a refusal whose words say more than its code does.
pub fn hint_for_words(message: &str) -> Option<Hint> {
    // "Secondary Customer Profile for direct_customer can only be created through Twilio console" comes
    // when the identity in the parent's primary profile is direct_customer [twilio-node issue 965].
    let is_identity = message.contains("direct_customer can only be created through Twilio console");
    is_identity.then_some(hint_of(
        "the parent's primary profile is that of a direct customer",
        "Nothing is wrong with the row: in the Console, the primary profile's business identity must be ISV, \
         reseller or partner.",
    ))
}

/// The hint for one of Twilio's codes [Error Dictionary].
pub fn hint_for(code: u32) -> Option<Hint> {
    TWILIO.iter().find(|it| it.0 == code).map(|it| it.1)
}

const fn hint_of(meaning: &'static str, fix: &'static str) -> Hint {
    Hint { meaning, fix }
}

/// Refusals by HTTP status, for answers without a code (a proxy's page, an empty body).
fn hint_for_status(status: u16) -> Option<Hint> {
    Some(match status {
        400 | 422 => hint_of("the request was refused", "Compare the row with the columns in the README."),
        401 => hint_of("the credentials were refused", "Check that the subaccount is active."),
        403 => hint_of(
            "access was refused",
            "Check that the subaccount may use Trust Hub, and that no proxy stands in between.",
        ),
        404 => hint_of("something that was named is not there", "Check the SIDs that the row names."),
        405 | 412 | 501 => hint_of(
            "the server does not take this request",
            "Check --base-url and the network's proxy; Twilio itself does not answer so.",
        ),
        409 => hint_of("it is in use already", "Look in the Console of the subaccount, under Trust Hub."),
        _ => return None,
    })
}

fn ours(code: OurCode) -> Hint {
    match code {
        OurCode::ChangedAfterSubmission => hint_of(
            "the row differs from what was submitted for review",
            "Put back what was submitted (failed_step says where it differs; a column that error_message names is to \
             hold the SID beside it again). After a rejection the row may be \
             changed, and is then submitted again; what is approved can only be changed in the Console.",
        ),
        OurCode::ExistsAlready => hint_of(
            "the subaccount has a bundle under this policy already that this program did not create",
            "Name it in its column (customer_profile_sid, trust_product_sid or that of another product) to use it, or delete it in the Console.",
        ),
        OurCode::UnknownToTheLedger => hint_of(
            "a bundle with our tag is there that this ledger knows nothing of",
            "If no other ledger is at work, run with --existing adopt: it is taken over.",
        ),
        OurCode::OtherBundleBegun => hint_of(
            "the row names one bundle, and this customer has been begun with another",
            "Empty the column that names it (customer_profile_sid, trust_product_sid or that of another product), or name the one that was begun.",
        ),
        OurCode::NotSuchABundle => hint_of(
            "the bundle that the row names is not in this subaccount, or is under another policy",
            "Check the columns customer_profile_sid, trust_product_sid and those of other products.",
        ),
        OurCode::HoldsWhatIsNotOurs => hint_of(
            "the draft that the row names holds what this program would add a second time",
            "In the Console, take what error_message names off the draft, then run again: it is made anew from the row. \
             Or delete the draft and empty the column that names it, such as trust_product_sid.",
        ),
        OurCode::NotASubaccount => hint_of(
            "the parent account has no subaccount with this SID",
            "Check the column subaccount_sid, and that TWILIO_ACCOUNT_SID is its parent.",
        ),
        OurCode::AccountNotActive => hint_of(
            "the subaccount is suspended or closed",
            "Activate it in the Console, or take the row out (column subaccount_sid).",
        ),
        OurCode::Unauthorized => hint_of(
            "the subaccount's own credentials are refused",
            "Check in the Console that the subaccount is active and that its auth token is enabled.",
        ),
        OurCode::PrimaryProfile => hint_of(
            "the primary profile that the row names is not there or not approved",
            "Check the column primary_profile_sid.",
        ),
        OurCode::AddressNotUsable => hint_of(
            "the address is not this subaccount's, or not in the US",
            "Check the column address_sid, or fill in the address columns instead.",
        ),
        OurCode::NoNumbers => hint_of(
            "the subaccount has no such phone number, or none at all",
            "Check the column phone_numbers, and that the numbers were moved to this subaccount.",
        ),
        OurCode::NumberNotFound => hint_of(
            "the subaccount has no such phone number",
            "Check the column phone_numbers, and that the number was moved to this subaccount.",
        ),
        OurCode::NumberNotEligible => hint_of(
            "the product does not take this number, and it is left off it",
            "Nothing is to be done where it takes another number of the row. Else add one to the column phone_numbers, \
             or leave out the product (--products, column products).",
        ),
        OurCode::NumberElsewhere => hint_of(
            "the number is on another bundle already",
            "Take it off that bundle in the Console, or out of the column phone_numbers; --refused-numbers skip goes \
             on without it.",
        ),
        OurCode::TooManyToRemove => hint_of(
            "so many phone numbers at once are not taken off the approved bundles, and none was",
            "Check the column phone_numbers. If they are all to go, say how many may with --remove-max, such as \
             --remove-max 50 or --remove-max 40%.",
        ),
        OurCode::LastToRemove => hint_of(
            "an approved bundle would lose its last phone number, and none was taken off",
            "Check the column phone_numbers. If no number is to stay on it, add --remove-all.",
        ),
        OurCode::NumbersNotListed => hint_of(
            "a list does not show every phone number that is there, so none was taken off",
            "Nothing is to be done about the row: run the same command again later. If it stays so, look at the \
             numbers in the Console.",
        ),
        OurCode::Noncompliant => hint_of(
            "Twilio's evaluation says that the bundle would not pass",
            "Correct the named fields in the sheet and run again: the drafts are updated in place.",
        ),
        OurCode::ContentNotTaken => hint_of(
            "Twilio answered an update with success and still shows another value in the named fields",
            "Nothing was submitted. Set these fields to what the row says in the Console, or write in the row what              the Console shows, and run again. A field that was emptied in the row may need a new resource.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_of_ours_has_a_meaning_and_a_way_out() {
        for code in OurCode::ALL {
            let hint = hint(&Reason::ours(*code));
            assert!(hint.is_some_and(|it| !it.meaning.is_empty() && it.fix.ends_with('.')), "{code:?}");
        }
    }

    #[test]
    fn every_code_of_twilio_stands_once() {
        let mut codes: Vec<u32> = TWILIO.iter().map(|it| it.0).collect();
        assert!(codes.is_sorted(), "in order, so that one is easily found");
        codes.dedup();
        assert_eq!(codes.len(), TWILIO.len());
    }

    #[test]
    fn every_code_that_this_flow_can_meet_has_a_meaning_and_a_way_out() {
        let single = [
            10001, 10002, 11100, 20151, 20162, 20403, 20404, 20409, 20410, 20412, 20413, 20422, 20423, 20426,
            20429, 20500, 20503, 20504, 21474, 21480, 21481, 21651, 22212, 22213, 22404, 22600, 22601, 32800,
            32801, 60711, 70051, 70052, 70053, 70105,
        ];
        let spans = [
            11001..=11022,
            18601..=18610,
            20001..=20010,
            21470..=21472,
            21628..=21631,
            21644..=21648,
            22200..=22211,
            22214..=22219,
            70001..=70005,
        ];
        let facts: Vec<u32> = single.into_iter().chain(spans.into_iter().flatten()).collect();
        for code in &facts {
            let hint = hint_for(*code);
            assert!(hint.is_some_and(|it| !it.meaning.is_empty() && it.fix.ends_with('.')), "{code}");
        }
        let unknown: Vec<u32> = TWILIO.iter().map(|it| it.0).filter(|it| !facts.contains(it)).collect();
        assert_eq!(unknown, [0; 0], "a code that the Error Dictionary does not have");
    }

    #[test]
    fn a_hint_says_what_a_code_is_about_and_whom_to_ask() {
        let words = |code| hint_for(code).map(|it| format!("{}: {}", it.meaning, it.fix)).unwrap_or_default();
        for (code, told) in [
            (18606, "e-mail address that was given"),
            (18608, "Nothing is to be done"),
            (18609, "EIN and DUNS only"),
            (20162, "Nothing was done"),
            (20409, "state does not allow"),
            (20409, "another bundle"),
            (21647, "drafts, rejected and approved bundles can be deleted"),
            (21648, "off the product, then off the profile"),
            (22205, "malformed"),
        ] {
            assert!(words(code).contains(told), "{code}: {}", words(code));
        }
        for code in (18601..=18610).filter(|it| *it != 18608) {
            assert!(words(code).contains("trusthub-verify@twilio.com"), "{code}: {}", words(code));
        }
    }

    #[test]
    fn a_wrong_identity_of_the_primary_profile_is_told_by_its_words() {
        let message = "Unable to create record: Secondary Customer Profile for direct_customer can only be \
                       created through Twilio console.";
        assert!(hint_for_words(message).is_some_and(|it| it.fix.contains("ISV, reseller or partner")));
        assert_eq!(hint_for_words("Validation Failed"), None);
    }

    #[test]
    fn an_answer_without_a_code_is_explained_by_its_status() {
        let reason = Reason { http_status: Some(403), code: Code::None, ..Reason::ours(OurCode::NoNumbers) };
        assert!(hint(&reason).is_some_and(|it| it.fix.contains("proxy")));
        let unknown = Reason { http_status: Some(404), code: Code::Twilio(99_999), ..reason };
        assert!(hint(&unknown).is_some_and(|it| it.fix.contains("SIDs")));
    }
}
