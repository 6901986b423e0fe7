//! Twilio's codes that this flow can meet: what each means, and the way out.

use super::{Hint, hint_of};

/// 11012 to 11022 belong to a product that this program does not ask for.
const BRANDED: Hint = hint_of(
    "Branded Calling was rejected, which is another product than Voice Integrity",
    "Look at the Branded Calling trust product in the Console; check business_name and website_url.",
);

/// Twilio's Error Dictionary, as far as this flow can meet it. A code that is waited for by the client has its
/// hint here too: it is shown when the wait was in vain.
pub(super) const TWILIO: &[(u32, Hint)] = &[
    (
        10001,
        hint_of(
            "the account is not active",
            "Activate the subaccount (column subaccount_sid) in the Console, and check the balance of its parent.",
        ),
    ),
    (
        10002,
        hint_of(
            "a trial account cannot do this",
            "Upgrade the account in the Console; a trial account has no Trust Hub for subaccounts.",
        ),
    ),
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
    (
        11006,
        hint_of(
            "CNAM was rejected because its business profile was not approved yet",
            "Submit with --submit-product after-approval, which is the default.",
        ),
    ),
    (
        11007,
        hint_of(
            "the CNAM name is not that of the registered business",
            "Check the column cnam_display_name: it is business_name, shortened where it is too long.",
        ),
    ),
    (
        11008,
        hint_of(
            "the CNAM name holds a term that is not permitted, such as FBI, Government, Police or Medicare",
            "Take the term out of the column cnam_display_name.",
        ),
    ),
    (
        11009,
        hint_of(
            "the CNAM name does not meet the requirements",
            "Check the column cnam_display_name: at most 15 letters, digits, full stops, commas and spaces, a letter first.",
        ),
    ),
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
        11100,
        hint_of(
            "a URL is not well-formed",
            "Check the columns website_url and status_callback: https:// and a host that can be reached from the internet.",
        ),
    ),
    (
        18601,
        hint_of(
            "the business name does not match the website",
            "Check the columns business_name and website_url. Questions about it go to trusthub-verify@twilio.com.",
        ),
    ),
    (
        18602,
        hint_of(
            "the business registration could not be verified",
            "Check business_registration_identifier, business_registration_number and business_name (exactly as on the IRS letter). Questions about it go to trusthub-verify@twilio.com.",
        ),
    ),
    (
        18603,
        hint_of(
            "the address could not be verified",
            "Check street, city, region and postal_code; a PO box is not taken. Questions about it go to trusthub-verify@twilio.com.",
        ),
    ),
    (
        18604,
        hint_of(
            "the first representative could not be verified",
            "Check the representative_1 columns. Questions about it go to trusthub-verify@twilio.com.",
        ),
    ),
    (
        18605,
        hint_of(
            "the second representative could not be verified",
            "Check the representative_2 columns. Questions about it go to trusthub-verify@twilio.com.",
        ),
    ),
    (
        18606,
        hint_of(
            "the e-mail address that was given does not belong to the website's domain",
            "Check representative_1_email, representative_2_email and website_url. Questions about it go to trusthub-verify@twilio.com.",
        ),
    ),
    (
        18607,
        hint_of(
            "the profile cannot be copied",
            "Look at the profile in the Console. Questions about it go to trusthub-verify@twilio.com.",
        ),
    ),
    (18608, hint_of("the profile was copied already", "Nothing is to be done: the copy is there.")),
    (
        18609,
        hint_of(
            "the registration authority is not eligible: Voice Integrity and CNAM take EIN and DUNS only",
            "Use an EIN or DUNS in the columns business_registration_identifier and business_registration_number. Questions about it go to trusthub-verify@twilio.com.",
        ),
    ),
    (
        18610,
        hint_of(
            "the profile cannot be copied because its address was deleted",
            "Look at the addresses of the subaccount. Questions about it go to trusthub-verify@twilio.com.",
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
        20002,
        hint_of(
            "the name of a resource is too short or too long",
            "Check the column business_name; if it fits, please report this.",
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
    (
        20009,
        hint_of(
            "it cannot be deleted before it is complete",
            "Wait until the review is over, then run again.",
        ),
    ),
    (
        20010,
        hint_of(
            "this action is disabled for the account",
            "Ask Twilio's support whether Trust Hub is enabled for the subaccount.",
        ),
    ),
    (
        20151,
        hint_of(
            "the credentials are not taken",
            "Check TWILIO_AUTH_TOKEN, and that the subaccount is active and its auth token enabled.",
        ),
    ),
    (
        20162,
        hint_of(
            "another request is changing the same resource",
            "Nothing was done. Make sure that no other program works on this subaccount, then run again.",
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
    (
        20409,
        hint_of(
            "its state does not allow this now; a number may be on another bundle",
            "Look in the Console at the bundle and the number (column phone_numbers): in review nothing can be changed, and a number sits on one bundle only.",
        ),
    ),
    (
        20410,
        hint_of(
            "this part of the API is gone",
            "Check --base-url, and whether there is a newer version of this program.",
        ),
    ),
    (20412, hint_of("it has been changed meanwhile", "Run again.")),
    (
        20413,
        hint_of(
            "the request is too large",
            "Shorten the longest texts of the row, notes and social_media_profile_urls above all.",
        ),
    ),
    (20422, hint_of("a value is not valid", "Compare the row with the columns in the README.")),
    (20423, hint_of("a SID is not valid", "Check the SIDs in the row.")),
    (
        20426,
        hint_of(
            "the API asks for a newer protocol",
            "Check the network's proxy: it must let TLS 1.2 or later through.",
        ),
    ),
    (20429, hint_of("too many requests", "Run again, with a lower --rate or --concurrency.")),
    (20500, hint_of("Twilio had an internal error", "Run again.")),
    (20503, hint_of("Twilio was not available", "Run again.")),
    (20504, hint_of("Twilio had an internal error", "Run again.")),
    (21470, hint_of("the account SID is not valid", "Check the column subaccount_sid.")),
    (
        21471,
        hint_of(
            "the account does not exist",
            "Check the column subaccount_sid, and that TWILIO_ACCOUNT_SID is its parent.",
        ),
    ),
    (
        21472,
        hint_of(
            "the account is not active",
            "Activate the subaccount (column subaccount_sid) in the Console.",
        ),
    ),
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
    (
        21644,
        hint_of(
            "the end user is still assigned to a bundle",
            "Take it off the bundle in the Console first, or leave it: it costs nothing.",
        ),
    ),
    (
        21645,
        hint_of(
            "the document is still assigned to a bundle",
            "Take it off the bundle in the Console first, or leave it: it costs nothing.",
        ),
    ),
    (
        21646,
        hint_of(
            "the document cannot be deleted in its state",
            "Wait until the review of its bundle is over, or leave it: it costs nothing.",
        ),
    ),
    (
        21647,
        hint_of(
            "the bundle cannot be deleted in its state",
            "Wait until its review is over: drafts, rejected and approved bundles can be deleted.",
        ),
    ),
    (
        21648,
        hint_of(
            "the bundle cannot be deleted while phone numbers are on it",
            "Take the numbers off it first, in the Console: off the product, then off the profile.",
        ),
    ),
    (
        21651,
        hint_of(
            "the document does not satisfy what the policy asks for",
            "Check the address columns, or address_sid.",
        ),
    ),
    (22200, hint_of("the type of the end user or of the number is not valid", "Please report this.")),
    (22201, hint_of("there is no regulation for such numbers", "Please report this.")),
    (
        22202,
        hint_of("the regulation, or the country and type of the number, is missing", "Please report this."),
    ),
    (22203, hint_of("the status is not one that Twilio knows", "Please report this.")),
    (22204, hint_of("status and content cannot be changed together", "Please report this.")),
    (
        22205,
        hint_of(
            "the object cannot be assigned: its SID is malformed or belongs to another account",
            "Check primary_profile_sid, --primary-profile and address_sid: BU or AD and 32 hexadecimal digits, of this subaccount or, for the primary profile, of its parent.",
        ),
    ),
    (22206, hint_of("the object cannot be assigned to a bundle", "Please report this.")),
    (22207, hint_of("the attributes cannot be read", "Please report this.")),
    (22208, hint_of("document and status cannot be changed together", "Please report this.")),
    (22209, hint_of("the document's status is not known", "Please report this.")),
    (22210, hint_of("the document has no type", "Please report this.")),
    (22211, hint_of("the document has no name", "Please report this.")),
    (22212, hint_of("the type of the end user is not valid", "Please report this.")),
    (22213, hint_of("the type of the number is not valid", "Please report this.")),
    (22214, hint_of("an end user is missing from the bundle", "Run again: it is looked for.")),
    (22215, hint_of("a field of an end user is missing", "Fill in the named field.")),
    (22216, hint_of("a document is missing from the bundle", "Run again: it is looked for.")),
    (22217, hint_of("a field of a document is missing", "Fill in the named field.")),
    (22218, hint_of("two values do not fit each other", "Correct the named fields.")),
    (22219, hint_of("the address is missing", "Fill in the address columns, or address_sid.")),
    (
        22404,
        hint_of(
            "starter profiles cannot be created or changed at present",
            "This program creates none: look in the Console which profile the row names (customer_profile_sid).",
        ),
    ),
    (
        22600,
        hint_of(
            "the rules have changed, and the bundle needs new information",
            "Look at the bundle in the Console: it names what is missing.",
        ),
    ),
    (
        22601,
        hint_of(
            "it was rejected because its information is out of date",
            "Look at the bundle in the Console: it names what is missing; correct the row and run again.",
        ),
    ),
    (
        32800,
        hint_of(
            "a carrier did not take the number",
            "Ask Twilio's support, with the SIDs of the trust product and of the number.",
        ),
    ),
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
        70005,
        hint_of(
            "too many requests in a row have failed",
            "Wait a few minutes, then run again with a lower --rate.",
        ),
    ),
    (
        70051,
        hint_of(
            "the subaccount may not do this",
            "Ask Twilio's support whether Trust Hub is enabled for the subaccount.",
        ),
    ),
    (
        70052,
        hint_of(
            "the account asks for requests that are signed with a public key",
            "Switch off public key client validation for the subaccount in the Console.",
        ),
    ),
    (
        70053,
        hint_of(
            "public key client validation is not enabled for the account",
            "Please report this: this program does not sign its requests.",
        ),
    ),
    (70105, hint_of("a type in the request is not valid", "Please report this.")),
];
