//! What a refusal means in plain words, and which column to look at.

use crate::plan::{Code, OurCode, Reason};

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
            "Name it in the column customer_profile_sid or trust_product_sid to use it, or delete it in the Console.",
        ),
        OurCode::UnknownToTheLedger => hint_of(
            "a bundle with our mark is there that this ledger knows nothing of",
            "If no other ledger is at work, run with --existing adopt: it is taken over.",
        ),
        OurCode::OtherBundleBegun => hint_of(
            "the row names one bundle, and this customer has been begun with another",
            "Empty the column customer_profile_sid or trust_product_sid, or name the one that was begun.",
        ),
        OurCode::NotSuchABundle => hint_of(
            "the bundle that the row names is not in this subaccount, or is under another policy",
            "Check the columns customer_profile_sid and trust_product_sid.",
        ),
        OurCode::HoldsWhatIsNotOurs => hint_of(
            "the draft that the row names holds what this program would add a second time",
            "In the Console, take what error_message names off the draft, then run again: it is made anew from the row. \
             Or delete the draft and empty the column customer_profile_sid or trust_product_sid.",
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
        OurCode::NumberElsewhere => hint_of(
            "the number is on another bundle already",
            "Take it off that bundle in the Console, or out of the column phone_numbers; --refused-numbers skip goes \
             on without it.",
        ),
        OurCode::Noncompliant => hint_of(
            "Twilio's evaluation says that the bundle would not pass",
            "Correct the named fields in the sheet and run again: the drafts are updated in place.",
        ),
    }
}

/// 11006 to 11009 and 11012 to 11022 belong to products that this program does not ask for.
const CNAM: Hint = hint_of(
    "caller name (CNAM) was rejected, which is another product than Voice Integrity",
    "Look at the CNAM trust product in the Console; check business_name.",
);
const BRANDED: Hint = hint_of(
    "Branded Calling was rejected, which is another product than Voice Integrity",
    "Look at the Branded Calling trust product in the Console; check business_name and website_url.",
);

/// Section 6 of the facts: every code that this flow can meet.
const TWILIO: &[(u32, Hint)] = &[
    (11001, hint_of("the website's address is not well-formed", "Check the column website_url.")),
    (
        11002,
        hint_of(
            "the representative's phone number is not a US number",
            "Check the columns representative_1_phone_number and representative_2_phone_number: +1 and ten digits.",
        ),
    ),
    (
        11003,
        hint_of("the business address is not in the US", "Check the address columns, iso_country above all."),
    ),
    (
        11004,
        hint_of(
            "the business registration could not be validated",
            "Check business_registration_number and that business_name is exactly as on the IRS letter (CP 575, 147C).",
        ),
    ),
    (
        11005,
        hint_of(
            "the trust product was rejected because its business profile was not approved yet",
            "Submit with --submit-product after-approval, which is the default.",
        ),
    ),
    (11006, CNAM),
    (11007, CNAM),
    (11008, CNAM),
    (11009, CNAM),
    (
        11010,
        hint_of(
            "the letter of authorization was not accepted",
            "Look at the trust product in the Console: this flow sends no letter.",
        ),
    ),
    (
        11011,
        hint_of(
            "the company is younger than one year",
            "Check business_registration_number; a company that young has to wait, or ask Twilio's support.",
        ),
    ),
    (11012, BRANDED),
    (11013, BRANDED),
    (11014, BRANDED),
    (11015, BRANDED),
    (11016, BRANDED),
    (11017, BRANDED),
    (11018, BRANDED),
    (11019, BRANDED),
    (11020, BRANDED),
    (11021, BRANDED),
    (11022, BRANDED),
    (
        18601,
        hint_of(
            "the business name does not match the website",
            "Check the columns business_name and website_url.",
        ),
    ),
    (
        18602,
        hint_of(
            "the business registration could not be verified",
            "Check business_registration_identifier, business_registration_number and business_name.",
        ),
    ),
    (
        18603,
        hint_of(
            "the address could not be verified",
            "Check street, city, region and postal_code; a PO box is not taken.",
        ),
    ),
    (18604, hint_of("the first representative could not be verified", "Check the representative_1 columns.")),
    (
        18605,
        hint_of("the second representative could not be verified", "Check the representative_2 columns."),
    ),
    (
        18606,
        hint_of(
            "the representative's e-mail domain is not the website's",
            "Check representative_1_email, representative_2_email and website_url.",
        ),
    ),
    (18607, hint_of("the profile cannot be copied", "Look at the profile in the Console.")),
    (18608, hint_of("the profile was copied already", "Look at the profile in the Console.")),
    (
        18609,
        hint_of(
            "the registration authority is not eligible",
            "Check the column business_registration_identifier.",
        ),
    ),
    (
        18610,
        hint_of(
            "the profile cannot be copied because its address was deleted",
            "Look at the addresses of the subaccount.",
        ),
    ),
    (
        20001,
        hint_of(
            "a parameter is missing or unknown",
            "Compare the row with the columns in the README; if it fits, please report this.",
        ),
    ),
    (
        20003,
        hint_of(
            "the credentials are not taken",
            "Check TWILIO_AUTH_TOKEN, and that the subaccount is active.",
        ),
    ),
    (20004, hint_of("the method is not allowed", "Check --base-url.")),
    (20005, hint_of("the account is not active", "Activate the subaccount in the Console.")),
    (
        20006,
        hint_of("access is denied", "Ask Twilio's support whether Trust Hub is enabled for the subaccount."),
    ),
    (20007, hint_of("the page size is too large", "Please report this.")),
    (
        20008,
        hint_of(
            "test credentials do not work with Trust Hub",
            "Use the live TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN; for a trial use --sandbox.",
        ),
    ),
    (20403, hint_of("forbidden", "Ask Twilio's support whether Trust Hub is enabled for the subaccount.")),
    (
        20404,
        hint_of(
            "something that the request names is not there",
            "Check the SIDs in the row, phone_numbers above all: they must belong to this subaccount.",
        ),
    ),
    (20409, hint_of("it is in use already", "Look in the Console which bundle has it.")),
    (20412, hint_of("it has been changed meanwhile", "Run again.")),
    (20422, hint_of("a value is not valid", "Compare the row with the columns in the README.")),
    (20423, hint_of("a SID is not valid", "Check the SIDs in the row.")),
    (20429, hint_of("too many requests", "Run again, with a lower --rate or --concurrency.")),
    (20500, hint_of("Twilio had an internal error", "Run again.")),
    (20503, hint_of("Twilio was not available", "Run again.")),
    (21474, hint_of("numbers can be moved by the parent account only", "Move the number in the Console.")),
    (21480, hint_of("the parent has as many subaccounts as it may", "Ask Twilio's support for more.")),
    (21481, hint_of("the list could not be read on", "Run again.")),
    (21628, hint_of("the address was not found", "Check street, city, region and postal_code.")),
    (
        21629,
        hint_of(
            "the address is not quite right, and Twilio suggests another one",
            "Check street, city, region and postal_code against the postal service's spelling.",
        ),
    ),
    (
        21630,
        hint_of(
            "the address is part of a verified document and can no longer be changed",
            "Create a new address in the Console and name it in the column address_sid.",
        ),
    ),
    (
        21631,
        hint_of("the number needs an address", "Look at the number in the Console (column phone_numbers)."),
    ),
    (22203, hint_of("the status is not one that Twilio knows", "Please report this.")),
    (22204, hint_of("status and content cannot be changed together", "Please report this.")),
    (
        22205,
        hint_of(
            "the object cannot be assigned: it belongs to another account",
            "Check primary_profile_sid, --primary-profile and address_sid.",
        ),
    ),
    (22206, hint_of("the object cannot be assigned to a bundle", "Please report this.")),
    (22207, hint_of("the attributes cannot be read", "Please report this.")),
    (22208, hint_of("document and status cannot be changed together", "Please report this.")),
    (22209, hint_of("the document's status is not known", "Please report this.")),
    (22210, hint_of("the document has no type", "Please report this.")),
    (22211, hint_of("the document has no name", "Please report this.")),
    (22214, hint_of("an end user is missing from the bundle", "Run again: it is looked for.")),
    (22215, hint_of("a field of an end user is missing", "Fill in the named field.")),
    (22216, hint_of("a document is missing from the bundle", "Run again: it is looked for.")),
    (22217, hint_of("a field of a document is missing", "Fill in the named field.")),
    (22218, hint_of("two values do not fit each other", "Correct the named fields.")),
    (22219, hint_of("the address is missing", "Fill in the address columns, or address_sid.")),
    (32801, hint_of("the caller profile was rejected", "Look at the trust product in the Console.")),
    (
        60711,
        hint_of(
            "the bundle is in review or approved and cannot be changed",
            "Wait for the end of the review; a rejected bundle can be changed again.",
        ),
    ),
    (70001, hint_of("a value was refused", "Compare the row with the columns in the README.")),
    (
        70002,
        hint_of(
            "the request does not fit the state of the bundle or of what it holds",
            "Look at the bundle in the Console: in review nothing can be changed.",
        ),
    ),
    (70003, hint_of("it has been changed meanwhile", "Run again.")),
    (70004, hint_of("the credentials are not taken", "Check that the subaccount is active.")),
    (
        70051,
        hint_of(
            "the subaccount may not do this",
            "Ask Twilio's support whether Trust Hub is enabled for the subaccount.",
        ),
    ),
];

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
    fn every_code_of_section_6_of_the_facts_has_a_meaning_and_a_way_out() {
        let single = [
            20001, 20003, 20004, 20005, 20006, 20007, 20008, 20403, 20404, 20409, 20412, 20422, 20423, 20429,
            20500, 20503, 21474, 21480, 21481, 22203, 32801, 60711, 70001, 70002, 70003, 70004, 70051,
        ];
        let spans = [11001..=11022, 18601..=18610, 21628..=21631, 22204..=22211, 22214..=22219];
        let facts: Vec<u32> = single.into_iter().chain(spans.into_iter().flatten()).collect();
        for code in &facts {
            let hint = hint_for(*code);
            assert!(hint.is_some_and(|it| !it.meaning.is_empty() && it.fix.ends_with('.')), "{code}");
        }
        let unknown: Vec<u32> = TWILIO.iter().map(|it| it.0).filter(|it| !facts.contains(it)).collect();
        assert_eq!(unknown, [0; 0], "a code that the facts do not have");
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
