//! Values that the lists of the guide do not have, and web addresses.

use super::{codes, row};
use trusthub_onboard::model::{Column, Severity};

#[test]
fn a_value_of_a_newer_page_is_sent_as_it_is_written_with_a_warning() {
    for (column, value) in [
        (Column::BusinessIndustry, "CONSTRUCTION"),
        (Column::BusinessIndustry, "PROFESSIONAL_SERVICES"),
        (Column::BusinessRegionsOfOperation, "AUSTRALIA"),
        (Column::BusinessType, "Non-profit Corporation"),
        (Column::Representative1JobPosition, "Other"),
    ] {
        let (findings, customer) = row(column, value);
        assert_eq!(codes(&findings), [("newer_value", Severity::Warning)], "{value}");
        let customer = customer.expect(value);
        let sent = match column {
            Column::BusinessIndustry => customer.business.industry.to_string(),
            Column::BusinessRegionsOfOperation => customer.business.regions_of_operation.join(","),
            Column::BusinessType => customer.business.kind.to_string(),
            _ => customer.representative_1.job_position.to_string(),
        };
        assert_eq!(sent, value);
    }
    let (findings, customer) = row(Column::BusinessRegionsOfOperation, "USA_AND_CANADA; australia");
    assert_eq!(codes(&findings), [("value_spelling", Severity::Note), ("newer_value", Severity::Warning)]);
    assert_eq!(customer.expect("a customer").business.regions_of_operation, ["USA_AND_CANADA", "AUSTRALIA"]);
}

#[test]
fn no_suggestion_is_better_than_a_wrong_one() {
    for (column, value, wrong) in [
        (Column::Representative1JobPosition, "President", "VP"),
        (Column::Representative1JobPosition, "COO", "CEO"),
        (Column::Representative1JobPosition, "CTO", "CEO"),
        (Column::Representative1JobPosition, "Manager", "GM"),
        (Column::Representative1JobPosition, "Chief Information Officer", "CFO"),
        (Column::BusinessIndustry, "Medical", "MEDIA"),
        (Column::BusinessIndustry, "Hospital", "HOSPITALITY"),
        (Column::BusinessIndustry, "Mining", "BANKING"),
    ] {
        let (findings, _) = row(column, value);
        assert_eq!(codes(&findings), [("not_in_list", Severity::Error)], "{value}");
        let said = &findings[0].suggestion;
        assert!(!said.starts_with("Did you mean") || !said.contains(wrong), "{value}: {said}");
    }
    // Of a long list the command is named that prints it.
    let said = &row(Column::UseCase, "Bingo").0[0].suggestion;
    assert!(said.contains("template --columns use_case"), "{said}");
}

#[test]
fn a_website_without_https_is_an_error_that_names_the_two_ways_out() {
    for text in [
        "http://harborlight.example.com",
        "HTTP://harborlight.example.com/a",
        "http://www.harborlight.example.com:8080",
    ] {
        let (findings, customer) = row(Column::WebsiteUrl, text);
        assert_eq!(findings[0].code, "website_http", "{text}");
        assert!(customer.is_none(), "{text}");
        let said = &findings[0].suggestion;
        assert!(said.contains("https://") && said.contains("--accept"), "{said}");
    }
    // The prerequisite is one of the website.
    for column in [Column::SocialMediaProfileUrls, Column::StatusCallback] {
        assert_eq!(codes(&row(column, "http://harborlight.example.com/page").0), [], "{}", column.name());
    }
}

#[test]
fn a_sid_in_other_case_is_read_and_that_is_said() {
    let (findings, customer) = row(Column::SubaccountSid, "ac0000000000000000000000000000000A");
    assert_eq!(codes(&findings), [("sid_spelling", Severity::Note)]);
    assert_eq!(customer.expect("a customer").subaccount.as_str(), "AC0000000000000000000000000000000a");
}
