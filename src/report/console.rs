//! Where Twilio's Console shows a customer.

use crate::model::Sid;

/// The page of a customer profile. Twilio's documentation names the list that it is in; what comes behind the SID
/// is not documented, and is known from use (docs/twilio-api.md). The Console shows the account that is chosen
/// in it: whoever follows the link chooses the customer's subaccount first.
pub fn console_url(profile: &Sid) -> String {
    format!("https://console.twilio.com/us1/account/trust-hub/customer-profiles/{profile}/details")
}
