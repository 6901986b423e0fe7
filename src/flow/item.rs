//! A resource as an answer shows it.

use crate::model::Sid;
use serde::Deserialize;

/// The fields of any resource that decide whether it is the one that was meant. Which of them are
/// there depends on the kind.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct Item {
    pub sid: Option<String>,
    pub account_sid: Option<String>,
    pub friendly_name: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub policy_sid: Option<String>,
    pub status: Option<String>,
    pub object_sid: Option<String>,
    pub channel_endpoint_sid: Option<String>,
    /// The bundle of an assignment: a profile or a product.
    pub customer_profile_sid: Option<String>,
    pub trust_product_sid: Option<String>,
    pub phone_number: Option<String>,
    pub iso_country: Option<String>,
    pub owner_account_sid: Option<String>,
    // The content, by which an answer proves what was sent.
    pub email: Option<String>,
    pub status_callback: Option<String>,
    pub customer_name: Option<String>,
    pub street: Option<String>,
    pub street_secondary: Option<String>,
    pub city: Option<String>,
    pub region: Option<String>,
    pub postal_code: Option<String>,
    pub attributes: Option<serde_json::Map<String, serde_json::Value>>,
    /// Why a bundle was rejected; often null although it was [public code].
    pub errors: Option<Vec<ItemError>>,
}

/// One reason of a rejection.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct ItemError {
    pub code: Option<u32>,
}

impl Item {
    /// Its SID, if it has one that is a SID.
    pub fn sid(&self) -> Option<Sid> {
        Sid::parse(self.sid.as_deref()?)
    }

    /// The codes of a rejection.
    pub fn codes(&self) -> Vec<u32> {
        self.errors.iter().flatten().filter_map(|it| it.code).collect()
    }

    /// The value of a parameter as the answer shows it; `None` where it has no such field.
    pub fn field(&self, parameter: &str) -> Option<&str> {
        let field = match parameter {
            "FriendlyName" => &self.friendly_name,
            "Email" => &self.email,
            "StatusCallback" => &self.status_callback,
            "CustomerName" => &self.customer_name,
            "Street" => &self.street,
            "StreetSecondary" => &self.street_secondary,
            "City" => &self.city,
            "Region" => &self.region,
            "PostalCode" => &self.postal_code,
            "IsoCountry" => &self.iso_country,
            _ => return None,
        };
        field.as_deref()
    }

    pub fn is(field: &Option<String>, value: &str) -> bool {
        field.as_deref().is_some_and(|it| it.eq_ignore_ascii_case(value))
    }
}
