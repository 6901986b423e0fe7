//! The 2010 API: accounts, addresses and phone numbers. The account acted on is the one in the path,
//! and a parent may act on its subaccounts.

use super::Ctx;
use crate::sandbox::answers::{Answer, Refused};
use crate::sandbox::call::Method;
use crate::sandbox::evaluation;
use crate::sandbox::paging;
use crate::sandbox::review;
use crate::sandbox::seed;
use crate::sandbox::shapes;
use crate::sandbox::sid::Sid;
use crate::sandbox::world::{Account, AccountStatus, Address, Change, List, Number};

/// `/2010-04-01/…`
pub fn route(ctx: &mut Ctx, caller: Sid, rest: &[&str]) -> Result<Answer, Refused> {
    let mut path = rest.to_vec();
    // Without the suffix the real API answers in XML, which nobody here reads.
    let Some(last) = path.pop().and_then(|last| last.strip_suffix(".json")) else {
        return Err(ctx.not_found());
    };
    path.push(last);
    match (ctx.method(), path.as_slice()) {
        (Method::Get, ["Accounts"]) => list_accounts(ctx, caller),
        (Method::Get, ["Accounts", sid]) => {
            let sid = reach(ctx, caller, sid)?;
            let account = ctx.world.accounts.get(&sid).ok_or_else(|| ctx.not_found())?;
            Ok(Answer::ok(shapes::account(account)))
        }
        (_, ["Accounts"] | ["Accounts", _]) => Err(Refused::method_not_allowed()),
        (method, ["Accounts", account, collection, rest @ ..]) => {
            let account = reach(ctx, caller, account)?;
            if method != Method::Get {
                ctx.is_active(account)?;
            }
            match (method, *collection, rest) {
                (Method::Get, "Addresses", []) => list_addresses(ctx, account),
                (Method::Post, "Addresses", []) => create_address(ctx, account),
                (Method::Get, "Addresses", [sid]) => {
                    Ok(Answer::ok(shapes::address(find_address(ctx, account, sid)?)))
                }
                (Method::Post, "Addresses", [sid]) => update_address(ctx, account, sid),
                (Method::Delete, "Addresses", [sid]) => remove_address(ctx, account, sid),
                (Method::Get, "IncomingPhoneNumbers", []) => list_numbers(ctx, account),
                (Method::Get, "IncomingPhoneNumbers", [sid]) => {
                    let sid = Sid::of_kind("PN", sid).ok_or_else(|| ctx.not_found())?;
                    ctx.demand_number(account, sid);
                    let number = ctx.world.numbers.get(&sid).filter(|number| number.account == account);
                    Ok(Answer::ok(shapes::number(number.ok_or_else(|| ctx.not_found())?)))
                }
                (_, "Addresses" | "IncomingPhoneNumbers", [] | [_]) => Err(Refused::method_not_allowed()),
                _ => Err(ctx.not_found()),
            }
        }
        _ => Err(ctx.not_found()),
    }
}

impl Ctx<'_> {
    /// With accounts on demand, makes the number if it is not there.
    pub fn demand_number(&mut self, account: Sid, sid: Sid) {
        if !self.accounts_on_demand || self.world.numbers.contains_key(&sid) {
            return;
        }
        let e164 = seed::e164_of(sid);
        let birth = self.world.seeded_birth(account, self.now_ms);
        let number = Number { sid, account, e164, birth, forbidden: false, bundles: Vec::new() };
        self.world.commit(Change::Number(number));
    }
}

/// The account of a path, if the caller may act on it.
fn reach(ctx: &mut Ctx, caller: Sid, sid: &str) -> Result<Sid, Refused> {
    let sid = Sid::of_kind("AC", sid).ok_or_else(|| ctx.not_found())?;
    if caller == ctx.world.parent {
        ctx.demand_account(sid);
    }
    let account = ctx.world.accounts.get(&sid).ok_or_else(|| ctx.not_found())?;
    if account.sid == caller || account.owner == caller { Ok(sid) } else { Err(ctx.not_found()) }
}

fn list_accounts(ctx: &Ctx, caller: Sid) -> Result<Answer, Refused> {
    const FILTERS: [&str; 2] = ["FriendlyName", "Status"];
    let query = &ctx.call.query;
    let status = match query.get("Status") {
        None => None,
        Some(text) => Some(
            AccountStatus::parse(text)
                .ok_or_else(|| Refused::invalid("Status", "there is no such status"))?,
        ),
    };
    let name = query.get("FriendlyName");
    let own = ctx.world.accounts.get(&caller).ok_or_else(|| ctx.not_found())?;
    let accounts: Vec<&Account> = own
        .subaccounts
        .iter()
        .rev()
        .filter_map(|sid| ctx.world.accounts.get(sid))
        .chain([own])
        .filter(|account| name.is_none_or(|name| account.friendly_name == name))
        .filter(|account| status.is_none_or(|status| account.status == status))
        .collect();
    let page = paging::page(&accounts, |account| account.sid, query)?;
    let rows = page.items.iter().map(|account| shapes::account(account));
    Ok(Answer::ok(page.api_2010(ctx.call, &FILTERS, "accounts", rows)))
}

fn list_addresses(ctx: &Ctx, account: Sid) -> Result<Answer, Refused> {
    const FILTERS: [&str; 4] = ["CustomerName", "FriendlyName", "EmergencyEnabled", "IsoCountry"];
    let query = &ctx.call.query;
    let matches = |filter: &str, value: &str| query.get(filter).is_none_or(|asked| asked == value);
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
                && matches("EmergencyEnabled", if address.emergency_enabled { "true" } else { "false" })
                && matches("IsoCountry", &address.iso_country)
        })
        .collect();
    let page = paging::page(&addresses, |address| address.sid, query)?;
    let rows = page.items.iter().map(|address| shapes::address(address));
    Ok(Answer::ok(page.api_2010(ctx.call, &FILTERS, "addresses", rows)))
}

fn create_address(ctx: &mut Ctx, account: Sid) -> Result<Answer, Refused> {
    let form = &ctx.call.form;
    let (sid, birth) = ctx.next("AD", account);
    let address = Address {
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
        emergency_enabled: form.get("EmergencyEnabled") == Some("true"),
    };
    validate(&address)?;
    let body = shapes::address(&address);
    ctx.world.commit(Change::Address(address));
    Ok(Answer::created(body))
}

fn update_address(ctx: &mut Ctx, account: Sid, sid: &str) -> Result<Answer, Refused> {
    let form = &ctx.call.form;
    let mut address = find_address(ctx, account, sid)?.clone();
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
    if let Some(text) = form.get("StreetSecondary") {
        address.street_secondary = Some(text.to_owned()).filter(|text| !text.is_empty());
    }
    if let Some(name) = form.get("FriendlyName") {
        name.clone_into(&mut address.friendly_name);
    }
    if let Some(text) = form.get("EmergencyEnabled") {
        address.emergency_enabled = text == "true";
    }
    address.updated_ms = ctx.now_ms;
    validate(&address)?;
    let body = shapes::address(&address);
    ctx.world.commit(Change::Address(address));
    Ok(Answer::ok(body))
}

fn remove_address(ctx: &mut Ctx, account: Sid, sid: &str) -> Result<Answer, Refused> {
    let address = find_address(ctx, account, sid)?;
    must_not_be_locked(ctx, address)?;
    let sid = address.sid;
    ctx.world.commit(Change::Removed(sid));
    Ok(Answer::gone())
}

fn list_numbers(ctx: &mut Ctx, account: Sid) -> Result<Answer, Refused> {
    const FILTERS: [&str; 4] = ["Beta", "FriendlyName", "PhoneNumber", "Origin"];
    let query = &ctx.call.query;
    let (asked, name) = (query.get("PhoneNumber"), query.get("FriendlyName"));
    if let Some(e164) = asked.filter(|text| text.len() == 12 && text.starts_with("+1")) {
        demand_e164(ctx, account, e164);
    }
    let numbers: Vec<&Number> = ctx
        .world
        .list(account, List::Numbers)
        .iter()
        .rev()
        .filter_map(|sid| ctx.world.numbers.get(sid))
        .filter(|number| ctx.is_listed(&number.birth))
        .filter(|number| asked.is_none_or(|pattern| fits_pattern(&number.e164, pattern)))
        .filter(|number| name.is_none_or(|name| shapes::spoken(&number.e164) == name))
        // All numbers here are Twilio's own and none is in beta.
        .filter(|_| query.get("Origin").is_none_or(|origin| origin == "twilio"))
        .filter(|_| query.get("Beta").is_none_or(|beta| beta != "true"))
        .collect();
    let page = paging::page(&numbers, |number| number.sid, query)?;
    let rows = page.items.iter().map(|number| shapes::number(number));
    Ok(Answer::ok(page.api_2010(ctx.call, &FILTERS, "incoming_phone_numbers", rows)))
}

/// With accounts on demand, makes the number of this E.164 if the account has none.
fn demand_e164(ctx: &mut Ctx, account: Sid, e164: &str) {
    let has_it = |sid: &Sid| ctx.world.numbers.get(sid).is_some_and(|number| number.e164 == e164);
    if !ctx.accounts_on_demand || ctx.world.list(account, List::Numbers).iter().any(has_it) {
        return;
    }
    let sid = seed::number_sid(account, e164);
    let birth = ctx.world.seeded_birth(account, ctx.now_ms);
    let number = Number { sid, account, e164: e164.to_owned(), birth, forbidden: false, bundles: Vec::new() };
    ctx.world.commit(Change::Number(number));
}

/// A number is found by any part of it; `*` stands for one character or more.
fn fits_pattern(e164: &str, pattern: &str) -> bool {
    let mut rest = e164;
    pattern.split('*').filter(|part| !part.is_empty()).all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

/// An address cannot change under a bundle that cannot change, nor go while a document names it.
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
            is_delete
                || bundles.into_iter().any(|b| !review::status(ctx.world, b, ctx.now_ms).0.is_editable())
        });
    match locked {
        true => Err(Refused::new(400, 21630, "Cannot mutate Address that is linked to a verified Document")),
        false => Ok(()),
    }
}

fn validate(address: &Address) -> Result<(), Refused> {
    let is_zip = |code: &str| {
        let digits = |text: &str, len| text.len() == len && text.bytes().all(|b| b.is_ascii_digit());
        match code.split_once('-') {
            Some((zip, plus_four)) => digits(zip, 5) && digits(plus_four, 4),
            None => digits(code, 5),
        }
    };
    match address.iso_country == "US" && !is_zip(&address.postal_code) {
        true => Err(Refused::new(400, 21628, "Address could not be validated: PostalCode")),
        false => Ok(()),
    }
}

fn country(text: &str) -> Result<&str, Refused> {
    match text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase()) {
        true => Ok(text),
        false => Err(Refused::invalid("IsoCountry", "it is not an ISO 3166 alpha-2 code")),
    }
}

fn find_address<'c>(ctx: &'c Ctx, account: Sid, sid: &str) -> Result<&'c Address, Refused> {
    Sid::of_kind("AD", sid)
        .and_then(|sid| ctx.world.addresses.get(&sid))
        .filter(|address| address.account == account && ctx.is_reachable(&address.birth))
        .ok_or_else(|| ctx.not_found())
}
