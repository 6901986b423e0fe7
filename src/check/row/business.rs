//! The business: name, legal form, registration, regions, website.

use std::borrow::Cow;

use super::fields::{listed, parts, read_listed, read_url, required_text};
use crate::check::closed;
use crate::check::cursor::{Bad, Cursor, Field, cut};
use crate::check::digits::{self, Registration};
use crate::check::keys::Keys;
use crate::check::rule;
use crate::check::web;
use crate::model::{Business, Column, ListedValue};

/// The business, and the registered domain of its website as far as that can be read.
pub(super) fn business(cursor: &mut Cursor<'_>, keys: &mut Keys) -> (Result<Business, Bad>, Option<String>) {
    let mut domain = None;
    (read_business(cursor, keys, &mut domain), domain)
}

fn read_business(
    cursor: &mut Cursor<'_>,
    keys: &mut Keys,
    domain: &mut Option<String>,
) -> Result<Business, Bad> {
    let name = required_text(cursor, Column::BusinessName);
    let identity = listed(cursor, Column::BusinessIdentity, &closed::IDENTITIES);
    let kind = listed(cursor, Column::BusinessType, &closed::BUSINESS_TYPES);
    let industry = listed(cursor, Column::BusinessIndustry, &closed::INDUSTRIES);
    let identifier =
        listed(cursor, Column::BusinessRegistrationIdentifier, &closed::REGISTRATION_IDENTIFIERS);
    let number = registration_number(cursor, identifier.as_deref().ok());
    let regions = regions(cursor);
    let website_url = website(cursor, domain);
    let social = social_media(cursor);
    if let (Ok(name), Ok(number)) = (&name, &number) {
        keys.registration(number, name);
    }
    Ok(Business {
        name: name?,
        identity: identity?,
        kind: kind?,
        industry: industry?,
        registration_identifier: identifier?,
        registration_number: number?,
        regions_of_operation: regions?,
        website_url: website_url?,
        social_media_profile_urls: social?,
    })
}

fn registration_number(cursor: &mut Cursor<'_>, identifier: Option<&str>) -> Result<String, Bad> {
    let field = cursor.required(Column::BusinessRegistrationNumber)?;
    cursor.accepting(field.column, &field.text, str::to_owned, |cursor| {
        read_registration_number(cursor, &field, identifier)
    })
}

fn read_registration_number(
    cursor: &mut Cursor<'_>,
    field: &Field,
    identifier: Option<&str>,
) -> Result<String, Bad> {
    match digits::registration(&field.text) {
        Registration::Good(number) => {
            if matches!(number, Cow::Owned(_)) {
                let note = cursor.report(&rule::REGISTRATION_NUMBER_REFORMATTED, field);
                note.message(format!("Taken as {number}.")).say();
            }
            if identifier == Some("EIN") && digits::is_written_like_ssn(&field.text) {
                cursor.report(&rule::SSN_LIKE, field).say();
            } else if identifier == Some("EIN") && digits::has_unused_ein_prefix(&number) {
                let doubt = cursor.report(&rule::EIN_PREFIX, field);
                doubt.message(format!("No EIN begins with {}.", &number[..2])).say();
            }
            Ok(number.into_owned())
        }
        Registration::TooShort(padded) => {
            let digits = padded.trim_start_matches('0').len();
            cursor
                .report(&rule::DIGITS_LOST, field)
                .message(format!(
                    "The number has {digits} digits instead of 9; zeros in front are probably lost."
                ))
                .suggestion(format!("Did you mean {padded}? Format the column as text and type it in again."))
                .err()
        }
        Registration::Damaged => cursor.report(&rule::DIGITS_LOST, field).err(),
        Registration::Malformed => cursor.report(&rule::REGISTRATION_NUMBER, field).err(),
    }
}

fn regions(cursor: &mut Cursor<'_>) -> Result<Vec<ListedValue>, Bad> {
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

/// The website; `domain` is its registered domain where it is a web address.
fn website(cursor: &mut Cursor<'_>, domain: &mut Option<String>) -> Result<String, Bad> {
    let field = cursor.required(Column::WebsiteUrl)?;
    cursor.accepting(field.column, &field.text, str::to_owned, |cursor| {
        let (host, is_encrypted) = read_url(cursor, field.column, &field.text)?;
        *domain = Some(web::registered(&host).into_owned());
        if is_encrypted { Ok(field.text.to_string()) } else { no_https(cursor, &field) }
    })
}

fn no_https<T>(cursor: &mut Cursor<'_>, field: &Field) -> Result<T, Bad> {
    let rest = field.text.split_once("://").map_or("", |(_, rest)| rest);
    let fix = format!(
        "Did you mean https://{rest}? A site without https: --accept website_url={}",
        cut(&field.text)
    );
    cursor.report(&rule::WEBSITE_HTTP, field).suggestion(fix).err()
}

fn social_media(cursor: &mut Cursor<'_>) -> Result<String, Bad> {
    let Some(field) = cursor.field(Column::SocialMediaProfileUrls)? else { return Ok(String::new()) };
    let mut urls = Vec::new();
    let mut whole = Ok(());
    for part in parts(&field.text) {
        match cursor.accepting(
            field.column,
            part,
            |_| (),
            |cursor| read_url(cursor, field.column, part).map(drop),
        ) {
            Ok(()) => urls.push(part),
            Err(bad) => whole = Err(bad),
        }
    }
    whole.map(|()| urls.join(","))
}
