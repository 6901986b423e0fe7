//! The table itself, one entry a column.

use super::{Column, Content, Group, Need, Spec};
use crate::model::values;

const NO_VALUES: &[&str] = &[];

/// One line per column; the fields that most columns share have their defaults here.
const fn column(
    column: Column,
    name: &'static str,
    group: Group,
    need: Need,
    rule: &'static str,
    help: &'static str,
) -> Spec {
    let (example, synonyms, content) = ("", NO_VALUES, Content::Text);
    let (values, newer_values) = (NO_VALUES, NO_VALUES);
    Spec { column, name, group, need, rule, help, example, synonyms, values, newer_values, content }
}

impl Spec {
    const fn example(mut self, example: &'static str) -> Spec {
        self.example = example;
        self
    }

    const fn synonyms(mut self, synonyms: &'static [&'static str]) -> Spec {
        self.synonyms = synonyms;
        self
    }

    const fn values(mut self, values: &'static [&'static str]) -> Spec {
        self.values = values;
        self
    }

    const fn newer_values(mut self, newer_values: &'static [&'static str]) -> Spec {
        self.newer_values = newer_values;
        self
    }

    const fn content(mut self, content: Content) -> Spec {
        self.content = content;
        self
    }
}

/// Every column, in the order of the template.
pub const COLUMNS: [Spec; 42] = {
    use Column as C;
    use Group as G;
    use Need::{AllOrNone, Optional, Required, WithoutAddressSid};
    [
        column(
            C::SubaccountSid,
            "subaccount_sid",
            G::Account,
            Required,
            "AC and 32 hexadecimal digits, each once in the sheet",
            "The customer's Twilio subaccount; everything is created in it.",
        )
        .example("AC00000000000000000000000000000001")
        .synonyms(&["subaccount", "account sid", "twilio account sid", "sub sid", "acct sid"]),
        column(
            C::FriendlyName,
            "friendly_name",
            G::Account,
            Optional,
            "any text; the business name if empty",
            "The name that the profile and the trust product show in the Console.",
        )
        .example("Harbor Light Dental")
        .synonyms(&["profile name", "display name", "nickname"]),
        column(
            C::Email,
            "email",
            G::Account,
            Required,
            "an e-mail address",
            "Where Twilio mails changes of status; best a mailbox of your own, not the customer's.",
        )
        .example("onboarding@reseller.example.com")
        .synonyms(&["notification email", "status email", "email address"]),
        column(
            C::StatusCallback,
            "status_callback",
            G::Account,
            Optional,
            "an http or https URL",
            "The URL that Twilio calls when a status changes.",
        )
        .example("https://hooks.reseller.example.com/trusthub")
        .synonyms(&["status callback url", "callback url", "webhook", "webhook url"]),
        column(
            C::PrimaryProfileSid,
            "primary_profile_sid",
            G::Account,
            Optional,
            "BU and 32 hexadecimal digits",
            "Your own approved primary business profile, if this row needs another one than the rest.",
        )
        .synonyms(&[
            "primary customer profile sid",
            "primary business profile sid",
            "primary bundle sid",
        ]),
        column(
            C::CustomerProfileSid,
            "customer_profile_sid",
            G::Account,
            Optional,
            "BU and 32 hexadecimal digits",
            "A secondary business profile that the subaccount has already and that is to be used.",
        )
        .synonyms(&[
            "existing customer profile sid",
            "secondary profile sid",
            "secondary customer profile sid",
            "existing profile sid",
        ]),
        column(
            C::TrustProductSid,
            "trust_product_sid",
            G::Account,
            Optional,
            "BU and 32 hexadecimal digits",
            "A Voice Integrity trust product that the subaccount has already and that is to be used.",
        )
        .synonyms(&["existing trust product sid", "voice integrity sid"]),
        column(
            C::BusinessName,
            "business_name",
            G::Business,
            Required,
            "any text",
            "The legal name, exactly as on the IRS letter.",
        )
        .example("Harbor Light Dental LLC")
        .synonyms(&[
            "legal business name",
            "legal name",
            "legal company name",
            "company name",
            "company",
            "business",
            "customer name",
            "entity name",
            "legal entity name",
            "organization name",
            "organisation name",
        ]),
        column(
            C::BusinessIdentity,
            "business_identity",
            G::Business,
            Required,
            "one of 3 values",
            "What the customer is to Twilio; nearly always direct_customer.",
        )
        .example("direct_customer")
        .synonyms(&["identity", "customer type"])
        .values(&values::IDENTITIES),
        column(C::BusinessType, "business_type", G::Business, Required, "one of 7 values", "The legal form.")
            .example("Limited Liability Corporation")
            .synonyms(&["company type", "entity type", "legal entity type", "legal form", "type of business"])
            .values(&values::BUSINESS_TYPES)
            .newer_values(&values::NEWER_BUSINESS_TYPES),
        column(
            C::BusinessIndustry,
            "business_industry",
            G::Business,
            Required,
            "one of 31 values",
            "The trade.",
        )
        .example("HEALTHCARE")
        .synonyms(&["industry", "vertical", "sector", "company industry"])
        .values(&values::INDUSTRIES)
        .newer_values(&values::NEWER_INDUSTRIES),
        column(
            C::BusinessRegistrationIdentifier,
            "business_registration_identifier",
            G::Business,
            Required,
            "EIN or DUNS, or the long label of the Console",
            "Which kind of number business_registration_number is.",
        )
        .example("EIN")
        .synonyms(&[
            "registration identifier",
            "registration type",
            "registration id type",
            "tax id type",
            "business registration id type",
            "business registration type",
        ])
        .values(&values::REGISTRATION_IDENTIFIERS),
        column(
            C::BusinessRegistrationNumber,
            "business_registration_number",
            G::Business,
            Required,
            "9 digits, separators allowed",
            "The EIN or DUNS number.",
        )
        .example("041234567")
        .synonyms(&[
            "ein",
            "ein number",
            "tax id",
            "tax id number",
            "federal tax id",
            "fein",
            "tin",
            "duns",
            "duns number",
            "registration number",
            "business registration id",
            "employer identification number",
        ])
        .content(Content::Digits),
        column(
            C::BusinessRegionsOfOperation,
            "business_regions_of_operation",
            G::Business,
            Required,
            "one or several of 5 values, separated by ; or ,",
            "Where the business operates.",
        )
        .example("USA_AND_CANADA")
        .synonyms(&["regions of operation", "business regions", "operating regions", "regions"])
        .values(&values::REGIONS)
        .newer_values(&values::NEWER_REGIONS),
        column(
            C::WebsiteUrl,
            "website_url",
            G::Business,
            Required,
            "a public https URL",
            "The business's live website.",
        )
        .example("https://harborlight.example.com")
        .synonyms(&["website", "url", "business website", "company website", "homepage", "domain"]),
        column(
            C::SocialMediaProfileUrls,
            "social_media_profile_urls",
            G::Business,
            Optional,
            "http or https URLs, separated by ; or ,",
            "The business's pages on social networks.",
        )
        .example("https://social.example.com/harborlight")
        .synonyms(&[
            "social media",
            "social media urls",
            "social media profile url",
            "social profiles",
            "linkedin",
        ]),
        column(
            C::AddressSid,
            "address_sid",
            G::Address,
            Optional,
            "AD and 32 hexadecimal digits; then the other address columns stay empty",
            "An address that the subaccount has already.",
        )
        .synonyms(&["twilio address sid", "existing address sid"]),
        column(
            C::Street,
            "street",
            G::Address,
            WithoutAddressSid,
            "any text, no PO box",
            "Street and number of the business's physical address.",
        )
        .example("12 Harbor Street")
        .synonyms(&[
            "street address",
            "address",
            "address 1",
            "address line 1",
            "street 1",
            "business address",
            "street line 1",
        ]),
        column(
            C::StreetSecondary,
            "street_secondary",
            G::Address,
            Optional,
            "any text",
            "Suite, floor or building.",
        )
        .example("Suite 3")
        .synonyms(&[
            "address 2",
            "address line 2",
            "street 2",
            "suite",
            "unit",
            "street line 2",
            "apt",
        ]),
        column(C::City, "city", G::Address, WithoutAddressSid, "any text", "City of the address.")
            .example("Boston")
            .synonyms(&["town", "business city", "address city"]),
        column(
            C::Region,
            "region",
            G::Address,
            WithoutAddressSid,
            "two letters of a US state or territory",
            "State of the address.",
        )
        .example("MA")
        .synonyms(&[
            "state",
            "state code",
            "state region",
            "state province",
            "business state",
            "province",
        ]),
        column(
            C::PostalCode,
            "postal_code",
            G::Address,
            WithoutAddressSid,
            "5 digits, or 5-4",
            "ZIP code of the address.",
        )
        .example("02110")
        .synonyms(&["zip", "zip code", "postcode", "postal", "business zip"])
        .content(Content::Digits),
        column(
            C::IsoCountry,
            "iso_country",
            G::Address,
            WithoutAddressSid,
            "US: Voice Integrity takes no other",
            "Country of the address.",
        )
        .example("US")
        .synonyms(&["country", "country code", "business country", "country iso"]),
        column(
            C::Representative1FirstName,
            "representative_1_first_name",
            G::Representative1,
            Required,
            "any text",
            "First name of the person who may speak for the business.",
        )
        .example("Dana")
        .synonyms(&[
            "rep first name",
            "rep 1 first name",
            "representative first name",
            "contact first name",
            "authorized representative first name",
            "authorized representative 1 first name",
            "first name",
        ]),
        column(
            C::Representative1LastName,
            "representative_1_last_name",
            G::Representative1,
            Required,
            "any text",
            "Last name of that person.",
        )
        .example("Whitfield")
        .synonyms(&[
            "rep last name",
            "rep 1 last name",
            "representative last name",
            "contact last name",
            "authorized representative last name",
            "authorized representative 1 last name",
            "last name",
            "surname",
        ]),
        column(
            C::Representative1Email,
            "representative_1_email",
            G::Representative1,
            Required,
            "an e-mail address, best at the website's domain",
            "E-mail of that person.",
        )
        .example("dana@harborlight.example.com")
        .synonyms(&[
            "rep email",
            "rep 1 email",
            "representative email",
            "rep email address",
            "authorized representative email",
            "authorized representative 1 email",
            "representative 1 email address",
        ]),
        column(
            C::Representative1PhoneNumber,
            "representative_1_phone_number",
            G::Representative1,
            Required,
            "a US phone number (+1)",
            "Phone number of that person.",
        )
        .example("+16175550123")
        .synonyms(&[
            "rep phone",
            "rep phone number",
            "rep 1 phone",
            "rep 1 phone number",
            "representative phone",
            "representative phone number",
            "contact phone",
            "contact phone number",
            "authorized representative phone",
            "authorized representative phone number",
            "authorized representative 1 phone number",
            "representative 1 phone",
        ])
        .content(Content::Digits),
        column(
            C::Representative1BusinessTitle,
            "representative_1_business_title",
            G::Representative1,
            Required,
            "any text",
            "Title of that person, in the business's own words.",
        )
        .example("Practice Owner")
        .synonyms(&[
            "rep title",
            "rep business title",
            "rep 1 title",
            "rep 1 business title",
            "representative title",
            "representative business title",
            "authorized representative title",
            "representative 1 title",
            "job title",
            "title",
        ]),
        column(
            C::Representative1JobPosition,
            "representative_1_job_position",
            G::Representative1,
            Required,
            "one of 6 values",
            "Position of that person.",
        )
        .example("CEO")
        .synonyms(&[
            "rep job position",
            "rep position",
            "rep 1 job position",
            "rep 1 position",
            "representative job position",
            "representative position",
            "job position",
            "authorized representative job position",
        ])
        .values(&values::JOB_POSITIONS)
        .newer_values(&values::NEWER_JOB_POSITIONS),
        column(
            C::Representative2FirstName,
            "representative_2_first_name",
            G::Representative2,
            AllOrNone,
            "any text",
            "First name of a second person who may speak for the business.",
        )
        .example("Luis")
        .synonyms(&[
            "rep 2 first name",
            "second representative first name",
            "authorized representative 2 first name",
            "second rep first name",
        ]),
        column(
            C::Representative2LastName,
            "representative_2_last_name",
            G::Representative2,
            AllOrNone,
            "any text",
            "Last name of the second person.",
        )
        .example("Ortega")
        .synonyms(&[
            "rep 2 last name",
            "second representative last name",
            "authorized representative 2 last name",
            "second rep last name",
        ]),
        column(
            C::Representative2Email,
            "representative_2_email",
            G::Representative2,
            AllOrNone,
            "an e-mail address, best at the website's domain",
            "E-mail of the second person.",
        )
        .example("luis@harborlight.example.com")
        .synonyms(&[
            "rep 2 email",
            "second representative email",
            "authorized representative 2 email",
            "second rep email",
            "representative 2 email address",
        ]),
        column(
            C::Representative2PhoneNumber,
            "representative_2_phone_number",
            G::Representative2,
            AllOrNone,
            "a US phone number (+1)",
            "Phone number of the second person.",
        )
        .example("+16175550124")
        .synonyms(&[
            "rep 2 phone",
            "rep 2 phone number",
            "second representative phone number",
            "second representative phone",
            "authorized representative 2 phone number",
            "second rep phone",
            "representative 2 phone",
        ])
        .content(Content::Digits),
        column(
            C::Representative2BusinessTitle,
            "representative_2_business_title",
            G::Representative2,
            AllOrNone,
            "any text",
            "Title of the second person, in the business's own words.",
        )
        .example("Office Manager")
        .synonyms(&[
            "rep 2 title",
            "rep 2 business title",
            "second representative business title",
            "second representative title",
            "authorized representative 2 title",
            "representative 2 title",
        ]),
        column(
            C::Representative2JobPosition,
            "representative_2_job_position",
            G::Representative2,
            AllOrNone,
            "one of 6 values",
            "Position of the second person.",
        )
        .example("GM")
        .synonyms(&[
            "rep 2 job position",
            "rep 2 position",
            "second representative job position",
            "second representative position",
            "authorized representative 2 job position",
        ])
        .values(&values::JOB_POSITIONS)
        .newer_values(&values::NEWER_JOB_POSITIONS),
        column(
            C::PhoneNumbers,
            "phone_numbers",
            G::PhoneNumbers,
            Required,
            "PN SIDs and/or E.164 numbers, separated by ; , or a line break, or the word all",
            "The numbers of the subaccount that are registered.",
        )
        .example("+16175550150; +16175550151")
        .synonyms(&[
            "phone number",
            "numbers",
            "phone number sids",
            "phone number sid",
            "phone numbers sids",
            "twilio numbers",
            "twilio phone numbers",
            "dids",
            "pn sids",
            "phone",
            "phones",
        ])
        .content(Content::Digits),
        column(
            C::UseCase,
            "use_case",
            G::VoiceIntegrity,
            Required,
            "one of 45 values",
            "What the calls are for.",
        )
        .example("Appointment Reminders")
        .synonyms(&["call use case", "voice use case", "calling use case", "voice integrity use case"])
        .values(&values::USE_CASES),
        column(
            C::BusinessEmployeeCount,
            "business_employee_count",
            G::VoiceIntegrity,
            Required,
            "a whole number",
            "How many people work for the business.",
        )
        .example("25")
        .synonyms(&[
            "employee count",
            "employees",
            "number of employees",
            "headcount",
            "no of employees",
            "of employees",
        ])
        .content(Content::Count),
        column(
            C::AverageBusinessDayCallVolume,
            "average_business_day_call_volume",
            G::VoiceIntegrity,
            Required,
            "a whole number",
            "How many calls the business makes on an ordinary day.",
        )
        .example("140")
        .synonyms(&[
            "call volume",
            "average call volume",
            "daily call volume",
            "average daily call volume",
            "calls per day",
            "avg call volume",
            "average daily calls",
        ])
        .content(Content::Count),
        column(
            C::Notes,
            "notes",
            G::VoiceIntegrity,
            Optional,
            "any text",
            "What the reviewer should know of the calls.",
        )
        .example("Reminds patients of their appointments.")
        .synonyms(&[
            "note",
            "comments",
            "comment",
            "remarks",
            "call notes",
            "use case notes",
            "use case description",
        ]),
        column(
            C::Products,
            "products",
            G::Products,
            Optional,
            "names of products, separated by commas; those of --products if empty",
            "What this customer is onboarded to, if that differs from the other rows.",
        )
        .synonyms(&["product", "trust products", "voice products"]),
        column(
            C::CnamDisplayName,
            "cnam_display_name",
            G::Cnam,
            Required,
            "at most 15 letters, digits, full stops, commas and spaces; it begins with a letter",
            "The name that the calls show.",
        )
        .example("Harbor Light")
        .synonyms(&["cnam", "cnam name", "caller name", "caller id name"]),
    ]
};
