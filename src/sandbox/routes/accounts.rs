//! The 2010 API: accounts and phone numbers; addresses have a file of their own. The account acted on is the one in the path,
//! and a parent may act on its subaccounts.

use super::{Ctx, addresses};
use crate::sandbox::answers::{Answer, Refused};
use crate::sandbox::call::Method;
use crate::sandbox::paging;
use crate::sandbox::seed;
use crate::sandbox::shapes;
use crate::sandbox::sid::Sid;
use crate::sandbox::world::{Account, AccountStatus, Change, List, Number};

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
                (_, "Addresses", rest) => addresses::route(ctx, account, rest),
                (Method::Get, "IncomingPhoneNumbers", []) => list_numbers(ctx, account),
                (Method::Get, "IncomingPhoneNumbers", [sid]) => {
                    let sid = Sid::of_kind("PN", sid).ok_or_else(|| ctx.not_found())?;
                    ctx.demand_number(account, sid);
                    let number = ctx.world.numbers.get(&sid).filter(|number| number.account == account);
                    Ok(Answer::ok(shapes::number(number.ok_or_else(|| ctx.not_found())?)))
                }
                (_, "IncomingPhoneNumbers", [] | [_]) => Err(Refused::method_not_allowed()),
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

fn list_numbers(ctx: &mut Ctx, account: Sid) -> Result<Answer, Refused> {
    const FILTERS: [&str; 4] = ["Beta", "FriendlyName", "PhoneNumber", "Origin"];
    let query = &ctx.call.query;
    let (asked, name, beta) = (query.get("PhoneNumber"), query.get("FriendlyName"), query.boolean("Beta")?);
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
        .filter(|_| beta != Some(true))
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
