//! One valid row of the sheet: everything that the flow needs to know of one customer.

use std::borrow::Cow;

use super::{Product, Sid};

/// A value of a closed list, or the text that the user has accepted in its place (`--accept`).
pub type ListedValue = Cow<'static, str>;

/// A customer subaccount as the sheet describes it, every field checked. It holds personal data:
/// it has no `Debug`, so that it cannot slip into a log or an error text.
#[derive(Clone)]
pub struct Customer {
    /// The row as the spreadsheet shows it, counted from 1. For messages only, never a key.
    pub row: u64,
    /// `subaccount_sid`: the account that everything is created in.
    pub subaccount: Sid,
    /// `email`: where Twilio mails status changes of both bundles.
    pub email: String,
    /// `friendly_name`, or the business name where that is empty. Both bundles are named after it.
    pub friendly_name: String,
    /// `status_callback`: the URL that Twilio calls on status changes of both bundles.
    pub status_callback: Option<String>,
    /// `primary_profile_sid`: the reseller's own profile, if this row has one of its own.
    pub primary_profile: Option<Sid>,
    /// `customer_profile_sid`: a profile made earlier that the row tells us to use.
    pub customer_profile: Option<Sid>,
    /// `trust_product_sid`: a trust product made earlier that the row tells us to use.
    pub trust_product: Option<Sid>,
    /// `products`, or those of `--products` where that is empty: what the customer is onboarded to. Never empty.
    pub products: Vec<&'static Product>,
    /// Products made earlier that the row names in the columns that further products have for that, each with
    /// its column.
    pub named_products: Vec<(&'static str, Sid)>,
    pub business: Business,
    pub address: Address,
    /// `representative_1_…`.
    pub representative_1: Representative,
    /// `representative_2_…`: all six columns or none.
    pub representative_2: Option<Representative>,
    pub phone_numbers: PhoneNumbers,
    /// Empty where the row does not ask for it.
    pub voice_integrity: VoiceIntegrity,
    /// `cnam_display_name`: the name that calls show. Empty where the row does not ask for CNAM.
    pub cnam_display_name: String,
}

impl Customer {
    /// Whether the row asks for this product.
    pub fn wants(&self, product: &Product) -> bool {
        self.products.contains(&product)
    }

    /// The product that the row names in this column.
    pub fn named_in(&self, column: &str) -> Option<&Sid> {
        self.named_products.iter().find(|it| it.0 == column).map(|it| &it.1)
    }
}

/// The attributes of the `customer_profile_business_information` end user (seed, step 5).
#[derive(Clone)]
pub struct Business {
    pub name: String,
    /// One of the guide's three values.
    pub identity: ListedValue,
    /// One of the guide's seven values, such as `Limited Liability Corporation`, or one of a newer page.
    pub kind: ListedValue,
    /// One of the guide's 31 values, or one of a newer page.
    pub industry: ListedValue,
    /// As it goes over the wire: `EIN` or `DUNS`.
    pub registration_identifier: ListedValue,
    /// Nine digits without separators, or the text that `--accept` names.
    pub registration_number: String,
    /// One or several of the guide's five values or of a newer page, in the order of the sheet, each once.
    pub regions_of_operation: Vec<ListedValue>,
    pub website_url: String,
    /// Empty where the sheet has none.
    pub social_media_profile_urls: String,
}

/// Where the business has its seat.
#[derive(Clone)]
pub enum Address {
    /// `address_sid`: an address that the subaccount has already.
    Existing(Sid),
    /// The address columns: an address to create.
    New {
        street: String,
        /// Empty where the sheet has none.
        street_secondary: String,
        city: String,
        /// The two letters of a US state or territory.
        region: String,
        postal_code: String,
        /// ISO 3166-1 alpha-2; Voice Integrity takes `US` only (error 11003).
        iso_country: String,
    },
}

/// The attributes of an `authorized_representative_1` or `_2` end user (seed, step 7).
#[derive(Clone)]
pub struct Representative {
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    /// E.164 with +1, such as `+14155550123`.
    pub phone_number: String,
    pub business_title: String,
    /// One of the guide's six values, or one of a newer page.
    pub job_position: ListedValue,
}

/// Which numbers of the subaccount are registered.
#[derive(Clone, PartialEq, Eq)]
pub enum PhoneNumbers {
    /// The word `all`: every number that the subaccount has.
    All,
    /// In the order of the sheet, each once, never empty.
    Listed(Vec<PhoneNumber>),
}

/// A number as the sheet names it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum PhoneNumber {
    /// `PN…`.
    Sid(Sid),
    /// Such as `+14155550123`.
    E164(String),
}

/// The attributes of the `voice_integrity_information` end user (seed, product step 2).
#[derive(Clone, Default)]
pub struct VoiceIntegrity {
    /// One of the guide's 45 values.
    pub use_case: ListedValue,
    /// A whole number in digits, or the text that `--accept` names.
    pub business_employee_count: String,
    /// A whole number in digits, or the text that `--accept` names, such as the range `0-100`.
    pub average_business_day_call_volume: String,
    /// Empty where the sheet has none.
    pub notes: String,
}
