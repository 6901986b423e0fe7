//! The business: name, legal form, registration, regions, website.

use std::borrow::Cow;

use super::fields::{listed, parts, read_listed, read_url, required_text, url};
use crate::check::closed;
use crate::check::cursor::{Bad, Cursor};
use crate::check::digits::{self, Registration};
use crate::check::keys::Keys;
use crate::check::rule;
use crate::check::web;
use crate::model::{Business, Column};

/// The business, and the registered domain of its website.
pub(super) fn business(cursor: &mut Cursor<'_>, keys: &mut Keys) -> Result<(Business, String), Bad> {
    let name = required_text(cursor, Column::BusinessName);
    let identity = listed(cursor, Column::BusinessIdentity, &closed::IDENTITIES);
    let kind = listed(cursor, Column::BusinessType, &closed::BUSINESS_TYPES);
    let industry = listed(cursor, Column::BusinessIndustry, &closed::INDUSTRIES);
    let identifier =
        listed(cursor, Column::BusinessRegistrationIdentifier, &closed::REGISTRATION_IDENTIFIERS);
    let number = registration_number(cursor, identifier.as_ref().ok().copied());
    let regions = regions(cursor);
    let website = website(cursor);
    let social = social_media(cursor);
    if let (Ok(name), Ok(number)) = (&name, &number) {
        keys.registration(number, name);
    }
    let (website_url, domain) = website?;
    let business = Business {
        name: name?,
        identity: identity?,
        kind: kind?,
        industry: industry?,
        registration_identifier: identifier?,
        registration_number: number?,
        regions_of_operation: regions?,
        website_url,
        social_media_profile_urls: social?,
    };
    Ok((business, domain))
}

fn registration_number(cursor: &mut Cursor<'_>, identifier: Option<&str>) -> Result<String, Bad> {
    let field = cursor.required(Column::BusinessRegistrationNumber)?;
    if digits::is_exponent_form(&field.text) {
        return cursor.report(&rule::DIGITS_LOST, &field).err();
    }
    match digits::registration(&field.text) {
        Registration::Good(number) => {
            if matches!(number, Cow::Owned(_)) {
                let note = cursor.report(&rule::REGISTRATION_NUMBER_REFORMATTED, &field);
                note.message(format!("Taken as {number}.")).say();
            }
            if identifier == Some("EIN") && digits::is_written_like_ssn(&field.text) {
                cursor.report(&rule::SSN_LIKE, &field).say();
            } else if identifier == Some("EIN") && digits::has_unused_ein_prefix(&number) {
                let doubt = cursor.report(&rule::EIN_PREFIX, &field);
                doubt.message(format!("No EIN begins with {}.", &number[..2])).say();
            }
            Ok(number.into_owned())
        }
        Registration::TooShort(padded) => {
            let digits = field.text.bytes().filter(u8::is_ascii_digit).count();
            cursor
                .report(&rule::DIGITS_LOST, &field)
                .message(format!(
                    "The number has {digits} digits instead of 9; zeros in front are probably lost."
                ))
                .suggestion(format!("Did you mean {padded}? Format the column as text and type it in again."))
                .err()
        }
        Registration::Malformed => cursor.report(&rule::REGISTRATION_NUMBER, &field).err(),
    }
}

fn regions(cursor: &mut Cursor<'_>) -> Result<Vec<&'static str>, Bad> {
    let field = cursor.required(Column::BusinessRegionsOfOperation)?;
    let mut regions = Vec::with_capacity(1);
    let mut whole = Ok(());
    for part in parts(&field.text) {
        match read_listed(cursor, field.column, part, &closed::REGIONS) {
            Ok(region) if regions.contains(&region) => {}
            Ok(region) => regions.push(region),
            Err(bad) => whole = Err(bad),
        }
    }
    whole?;
    if regions.is_empty() { Err(cursor.missing(field.column)) } else { Ok(regions) }
}

/// The website and its registered domain.
fn website(cursor: &mut Cursor<'_>) -> Result<(String, String), Bad> {
    let field = cursor.required(Column::WebsiteUrl)?;
    let (host, is_encrypted) = url(cursor, &field)?;
    if !is_encrypted {
        cursor.report(&rule::WEBSITE_HTTP, &field).say();
    }
    let domain = web::registered(&host).into_owned();
    Ok((field.text.into_owned(), domain))
}

fn social_media(cursor: &mut Cursor<'_>) -> Result<String, Bad> {
    let Some(field) = cursor.field(Column::SocialMediaProfileUrls)? else { return Ok(String::new()) };
    let mut urls = Vec::new();
    let mut whole = Ok(());
    for part in parts(&field.text) {
        match read_url(cursor, field.column, part) {
            Ok(_) => urls.push(part),
            Err(bad) => whole = Err(bad),
        }
    }
    whole.map(|()| urls.join(","))
}
