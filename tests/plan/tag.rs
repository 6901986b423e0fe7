//! Our tag at the end of every name that we give.

use trusthub_onboard::model::Sid;
use trusthub_onboard::plan::{bears_tag, friendly_name};

/// The lowest limit that any of Twilio's resources is documented to have, in characters.
const FRIENDLY_NAME_MAX: usize = 64;

fn subaccount() -> Sid {
    Sid::parse("AC00000000000000000000000000000001").expect("a SID")
}

#[test]
fn a_long_name_is_cut_and_keeps_its_tag() {
    let name = friendly_name(&"Ünïcode & Sons ".repeat(9), &subaccount(), "profile");
    assert!(name.chars().count() <= FRIENDLY_NAME_MAX, "{name}");
    assert!(bears_tag(&name, &subaccount(), "profile"), "{name}");
}

#[test]
fn a_tag_is_known_by_account_and_kind_only() {
    let other = Sid::parse("AC00000000000000000000000000000002").expect("a SID");
    let name = friendly_name("Acme", &subaccount(), "profile");
    assert!(name.starts_with("Acme [tho-"));
    assert!(!bears_tag(&name, &other, "profile"));
    assert!(!bears_tag(&name, &subaccount(), "product"));
    assert!(!bears_tag("Acme", &subaccount(), "profile"));
    assert!(!bears_tag(&format!("{name} (copy)"), &subaccount(), "profile"));
}
