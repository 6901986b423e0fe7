//! Addresses of the 2010 API.

use super::Ctx;
use crate::sandbox::answers::{Answer, Refused};
use crate::sandbox::call::Method;
use crate::sandbox::evaluation;
use crate::sandbox::geography::{is_country, is_us_state};
use crate::sandbox::paging;
use crate::sandbox::review;
use crate::sandbox::shapes;
use crate::sandbox::sid::Sid;
use crate::sandbox::undocumented::{AddressCorrection, EmptyParameter, Stance};
use crate::sandbox::world::{Address, Change, List};

/// `…/Addresses…`, behind the account.
pub fn route(ctx: &mut Ctx, account: Sid, rest: &[&str]) -> Result<Answer, Refused> {
    match (ctx.method(), rest) {
        (Method::Get, []) => list(ctx, account),
        (Method::Post, []) => create(ctx, account),
        (Method::Get, [sid]) => Ok(Answer::ok(shapes::address(find(ctx, account, sid)?))),
        (Method::Post, [sid]) => update(ctx, account, sid),
        (Method::Delete, [sid]) => remove(ctx, account, sid),
        (_, [] | [_]) => Err(Refused::method_not_allowed()),
        _ => Err(ctx.not_found()),
    }
}

fn list(ctx: &Ctx, account: Sid) -> Result<Answer, Refused> {
    const FILTERS: [&str; 4] = ["CustomerName", "FriendlyName", "EmergencyEnabled", "IsoCountry"];
    let query = &ctx.call.query;
    let matches = |filter: &str, value: &str| query.get(filter).is_none_or(|asked| asked == value);
    let emergency = query.boolean("EmergencyEnabled")?;
    query.get("IsoCountry").map(country).transpose()?;
    let addresses: Vec<&Address> = ctx
        .world
        .list(account, List::Addresses)
        .iter()
        .rev()
        .filter_map(|sid| ctx.world.addresses.get(sid))
        .filter(|address| ctx.is_listed(&address.birth))
        .filter(|address| {
            matches("CustomerName", &address.customer_name)
                && matches("FriendlyName", &address.friendly_name)
                && emergency.is_none_or(|asked| asked == address.emergency_enabled)
                && matches("IsoCountry", &address.iso_country)
        })
        .collect();
    let page = paging::page(&addresses, |address| address.sid, query)?;
    let rows = page.items.iter().map(|address| shapes::address(address));
    Ok(Answer::ok(page.api_2010(ctx.call, &FILTERS, "addresses", rows)))
}

fn create(ctx: &mut Ctx, account: Sid) -> Result<Answer, Refused> {
    let form = &ctx.call.form;
    let (sid, birth) = ctx.next("AD", account);
    let mut address = Address {
        sid,
        account,
        birth,
        updated_ms: ctx.now_ms,
        customer_name: form.required("CustomerName")?.to_owned(),
        street: form.required("Street")?.to_owned(),
        street_secondary: form.get("StreetSecondary").filter(|text| !text.is_empty()).map(str::to_owned),
        city: form.required("City")?.to_owned(),
        region: form.required("Region")?.to_owned(),
        postal_code: form.required("PostalCode")?.to_owned(),
        iso_country: country(form.required("IsoCountry")?)?.to_owned(),
        // The limit on names is Trust Hub's; here a name may be empty.
        friendly_name: form.get("FriendlyName").unwrap_or_default().to_owned(),
        emergency_enabled: form.boolean("EmergencyEnabled")?.unwrap_or_default(),
    };
    validate(ctx, &mut address)?;
    let body = shapes::address(&address);
    ctx.world.commit(Change::Address(address));
    Ok(Answer::created(body))
}

fn update(ctx: &mut Ctx, account: Sid, sid: &str) -> Result<Answer, Refused> {
    let form = &ctx.call.form;
    let mut address = find(ctx, account, sid)?.clone();
    must_not_be_locked(ctx, &address)?;
    let set = |field: &mut String, name: &str| -> Result<(), Refused> {
        match form.get(name) {
            None => Ok(()),
            Some("") => Err(Refused::invalid(name, "it is empty")),
            Some(value) => {
                value.clone_into(field);
                Ok(())
            }
        }
    };
    set(&mut address.customer_name, "CustomerName")?;
    set(&mut address.street, "Street")?;
    set(&mut address.city, "City")?;
    set(&mut address.region, "Region")?;
    set(&mut address.postal_code, "PostalCode")?;
    let is_given = |text: &&str| !text.is_empty() || ctx.rules.empty_parameter == EmptyParameter::Clears;
    if let Some(text) = form.get("StreetSecondary").filter(is_given) {
        address.street_secondary = Some(text.to_owned()).filter(|text| !text.is_empty());
    }
    if let Some(name) = form.get("FriendlyName").filter(is_given) {
        name.clone_into(&mut address.friendly_name);
    }
    if let Some(enabled) = form.boolean("EmergencyEnabled")? {
        address.emergency_enabled = enabled;
    }
    address.updated_ms = ctx.now_ms;
    validate(ctx, &mut address)?;
    let body = shapes::address(&address);
    ctx.world.commit(Change::Address(address));
    Ok(Answer::ok(body))
}

fn remove(ctx: &mut Ctx, account: Sid, sid: &str) -> Result<Answer, Refused> {
    let address = find(ctx, account, sid)?;
    must_not_be_locked(ctx, address)?;
    let sid = address.sid;
    ctx.world.commit(Change::Removed(sid));
    Ok(Answer::gone())
}

/// An address cannot change under a bundle that cannot change. Whether it can go while a document of a draft
/// names it is not documented.
fn must_not_be_locked(ctx: &Ctx, address: &Address) -> Result<(), Refused> {
    let is_delete = ctx.method() == Method::Delete;
    let locked = ctx
        .world
        .list(address.account, List::Documents)
        .iter()
        .filter_map(|sid| ctx.world.objects.get(sid))
        .filter(|document| evaluation::address_of(ctx.world, document).is_some_and(|a| a.sid == address.sid))
        .any(|document| {
            let bundles = document.used_by.iter().filter_map(|sid| ctx.world.bundles.get(sid));
            (is_delete && ctx.rules.deletion_of_drafts_address == Stance::Refused)
                || bundles.into_iter().any(|b| !review::status(ctx.world, b, ctx.now_ms).0.is_editable())
        });
    match locked {
        true => Err(Refused::new(400, 21630, "Cannot mutate Address that is linked to a verified Document")),
        false => Ok(()),
    }
}

/// Refuses an address that cannot exist, and corrects its street where that is asked for.
fn validate(ctx: &Ctx, address: &mut Address) -> Result<(), Refused> {
    let may_correct = ctx.call.form.boolean("AutoCorrectAddress")?.unwrap_or(true);
    let unknown = |field| Refused::new(400, 21628, format!("Address could not be validated: {field}"));
    if address.iso_country == "US" {
        if !is_zip(&address.postal_code) {
            return Err(unknown("PostalCode"));
        }
        if !is_us_state(&address.region) {
            return Err(unknown("Region"));
        }
    }
    let corrected = corrected_street(&address.street);
    match (ctx.rules.address_correction, may_correct) {
        (AddressCorrection::OrKept | AddressCorrection::OrRefused, true) => address.street = corrected,
        (AddressCorrection::OrRefused, false) if address.street != corrected => {
            let message = format!("Address could not be validated. Suggested address: Street {corrected}");
            return Err(Refused::new(400, 21629, message));
        }
        _ => {}
    }
    Ok(())
}

/// A street as a postal service writes it: its kind is abbreviated.
fn corrected_street(street: &str) -> String {
    const ABBREVIATED: [(&str, &str); 6] = [
        ("street", "St"),
        ("avenue", "Ave"),
        ("road", "Rd"),
        ("boulevard", "Blvd"),
        ("drive", "Dr"),
        ("lane", "Ln"),
    ];
    let words = street.split_whitespace().map(|word| {
        let short = ABBREVIATED.iter().find(|(long, _)| long.eq_ignore_ascii_case(word));
        short.map_or(word, |(_, short)| short)
    });
    words.collect::<Vec<_>>().join(" ")
}

fn is_zip(code: &str) -> bool {
    let digits = |text: &str, len| text.len() == len && text.bytes().all(|b| b.is_ascii_digit());
    match code.split_once('-') {
        Some((zip, plus_four)) => digits(zip, 5) && digits(plus_four, 4),
        None => digits(code, 5),
    }
}

fn country(text: &str) -> Result<&str, Refused> {
    match is_country(text) {
        true => Ok(text),
        false => Err(Refused::invalid("IsoCountry", "it is not an ISO 3166 alpha-2 code")),
    }
}

fn find<'c>(ctx: &'c Ctx, account: Sid, sid: &str) -> Result<&'c Address, Refused> {
    Sid::of_kind("AD", sid)
        .and_then(|sid| ctx.world.addresses.get(&sid))
        .filter(|address| address.account == account && ctx.is_reachable(&address.birth))
        .ok_or_else(|| ctx.not_found())
}
