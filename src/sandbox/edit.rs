//! What happens to a world from outside the API: people in the Console, decisions at Twilio.

use std::io;

use super::faults::mix;
use super::policies::{self, BundleKind};
use super::review::{self, Review, Reviewer, Status, Verdict};
use super::seed;
use super::sid::Sid;
use super::world::{AccountStatus, Birth, Bundle, Change, Channel, Entity, List, Number, Object, World};

/// One thing that somebody does.
#[derive(Clone, Debug)]
pub enum Edit {
    /// `active`, `suspended` or `closed`.
    SetAccountStatus { account: String, status: String },
    /// The account gets another token, which is returned.
    RotateToken { account: String },
    /// How later submissions of the account are decided; `None`: by the rules.
    SetReviewer { account: String, reviewer: Option<Reviewer> },
    /// Decides a bundle now, whatever its status.
    Decide { bundle: String, verdict: Verdict },
    /// Decides what the account has in review now; if that is nothing, its next submission. Returns the SIDs of
    /// what was decided, with a comma between them, or nothing.
    Review { account: String, verdict: Verdict },
    /// Says until when a bundle is valid; `None`: for ever.
    SetValidUntil { bundle: String, at_ms: Option<u64> },
    /// Makes an empty draft under the secondary or the Voice Integrity policy.
    AddBundle { account: String, kind: BundleKind, friendly_name: String },
    /// The same under the policy of another product.
    AddProduct { account: String, policy: String, friendly_name: String },
    /// `attributes` is JSON text. A type of end users makes an `IT`, any other an `RD`.
    AddObject { account: String, object_type: String, friendly_name: String, attributes: String },
    /// Assigns an object or a bundle; nothing is checked.
    AssignEntity { bundle: String, object: String },
    /// Assigns a number; nothing is checked.
    AssignNumber { bundle: String, number: String },
    /// Gives an account a number.
    AddNumber { account: String, number: String, e164: String },
    /// No bundle takes the number any more.
    ForbidNumber { number: String },
    /// The number changes its account.
    MoveNumber { number: String, account: String },
    /// Removes an object, an address or a bundle, in whatever state.
    Remove { sid: String },
}

/// Does it, and says the SID of what was added or changed, or the new token.
pub fn apply(world: &mut World, edit: Edit, now_ms: u64) -> io::Result<String> {
    match edit {
        Edit::SetAccountStatus { account, status } => {
            let status = AccountStatus::parse(&status).ok_or_else(|| unknown(&status))?;
            change_account(world, &account, now_ms, |account| account.status = status)
        }
        Edit::RotateToken { account } => {
            let account = Sid::parse(&account).ok_or_else(|| unknown(&account))?;
            rotate(world, account, now_ms).ok_or_else(|| unknown(account.as_str()))
        }
        Edit::SetReviewer { account, reviewer } => {
            change_account(world, &account, now_ms, |account| account.reviewer = reviewer)
        }
        Edit::Decide { bundle, verdict } => {
            let sid = known(&bundle, |sid| world.bundles.contains_key(sid))?;
            decide(world, sid, verdict, now_ms);
            Ok(bundle)
        }
        Edit::Review { account, verdict } => {
            let sid = known(&account, |sid| world.accounts.contains_key(sid))?;
            let lists = [List::Profiles, List::Products];
            let bundles = lists.into_iter().flat_map(|list| world.list(sid, list));
            let in_review = bundles.copied().filter(|sid| {
                let status = world.bundles.get(sid).map(|it| review::status(world, it, now_ms).0);
                matches!(status, Some(Status::PendingReview | Status::InReview))
            });
            let in_review: Vec<Sid> = in_review.collect();
            if in_review.is_empty() {
                change_account(world, &account, now_ms, |it| it.reviewer = Some(Reviewer::Next(verdict)))?;
            } else {
                for bundle in &in_review {
                    decide(world, *bundle, verdict.clone(), now_ms);
                }
            }
            Ok(in_review.iter().map(Sid::to_string).collect::<Vec<_>>().join(", "))
        }
        Edit::SetValidUntil { bundle, at_ms } => {
            let sid = known(&bundle, |sid| world.bundles.contains_key(sid))?;
            if let Some(found) = world.bundles.get(&sid).cloned() {
                world.commit(Change::Bundle(Bundle { valid_until_ms: at_ms, ..found }));
            }
            Ok(bundle)
        }
        Edit::AddBundle { account, kind, friendly_name } => {
            let account = known(&account, |sid| world.accounts.contains_key(sid))?;
            let policy = match kind {
                BundleKind::CustomerProfile => policies::SECONDARY,
                BundleKind::TrustProduct => policies::VOICE_INTEGRITY,
            };
            add_bundle(world, account, kind, policy, &friendly_name, now_ms)
        }
        Edit::AddProduct { account, policy, friendly_name } => {
            let account = known(&account, |sid| world.accounts.contains_key(sid))?;
            add_bundle(world, account, BundleKind::TrustProduct, &policy, &friendly_name, now_ms)
        }
        Edit::AddObject { account, object_type, friendly_name, attributes } => {
            let account = known(&account, |sid| world.accounts.contains_key(sid))?;
            let prefix = if policies::end_user(&object_type).is_some() { "IT" } else { "RD" };
            let (sid, birth) = by_hand(world, prefix, account, now_ms);
            world.commit(Change::Object(Object {
                sid,
                account,
                object_type,
                birth,
                updated_ms: now_ms,
                friendly_name,
                attributes: Some(attributes),
                used_by: Vec::new(),
            }));
            Ok(sid.to_string())
        }
        Edit::AssignEntity { bundle, object } => {
            let bundle = known(&bundle, |sid| world.bundles.contains_key(sid))?;
            let is_known = |sid: &Sid| world.objects.contains_key(sid) || world.bundles.contains_key(sid);
            let object = known(&object, is_known)?;
            let account = account_of(world, bundle)?;
            let (sid, birth) = by_hand(world, "BV", account, now_ms);
            world.commit(Change::Entity(Entity { sid, bundle, object, birth }));
            Ok(sid.to_string())
        }
        Edit::AssignNumber { bundle, number } => {
            let bundle = known(&bundle, |sid| world.bundles.contains_key(sid))?;
            let number = known(&number, |sid| world.numbers.contains_key(sid))?;
            let account = account_of(world, bundle)?;
            let (sid, birth) = by_hand(world, "RA", account, now_ms);
            world.commit(Change::Channel(Channel { sid, bundle, number, birth }));
            Ok(sid.to_string())
        }
        Edit::AddNumber { account, number, e164 } => {
            let account = known(&account, |sid| world.accounts.contains_key(sid))?;
            let sid = seed::sid("phone number", "PN", &number)?;
            let birth = world.seeded_birth(account, now_ms);
            let new = Number { sid, account, e164, birth, forbidden: false, bundles: Vec::new() };
            world.commit(Change::Number(new));
            Ok(number)
        }
        Edit::ForbidNumber { number } => change_number(world, &number, |number| number.forbidden = true),
        Edit::MoveNumber { number, account } => {
            let account = known(&account, |sid| world.accounts.contains_key(sid))?;
            change_number(world, &number, |number| number.account = account)
        }
        Edit::Remove { sid } => {
            let is_known = |sid: &Sid| {
                world.objects.contains_key(sid)
                    || world.bundles.contains_key(sid)
                    || world.addresses.contains_key(sid)
            };
            let known = known(&sid, is_known)?;
            world.commit(Change::Removed(known));
            Ok(sid)
        }
    }
}

/// With accounts on demand, makes the account that somebody is about to do something to.
pub fn demand(world: &mut World, edit: &Edit, now_ms: u64) {
    let account = match edit {
        Edit::SetAccountStatus { account, .. }
        | Edit::RotateToken { account }
        | Edit::SetReviewer { account, .. }
        | Edit::Review { account, .. } => account,
        _ => return,
    };
    if let Some(sid) = Sid::of_kind("AC", account) {
        seed::demand_account(world, sid, now_ms);
    }
}

/// A bundle is decided now, whatever its status.
fn decide(world: &mut World, sid: Sid, verdict: Verdict, now_ms: u64) {
    let Some(mut bundle) = world.bundles.get(&sid).cloned() else { return };
    let submitted_ms = bundle.review.map_or(now_ms, |review| review.submitted_ms.min(now_ms));
    bundle.review = Some(Review { submitted_ms, in_review_ms: submitted_ms, decided_ms: now_ms, verdict });
    world.commit(Change::Bundle(bundle));
}

/// Gives an account another token and returns it; `None` if there is no such account.
pub fn rotate(world: &mut World, account: Sid, now_ms: u64) -> Option<String> {
    let mut changed = world.accounts.get(&account)?.clone();
    let number = changed.token.bytes().fold(now_ms, |sum, byte| mix(sum ^ u64::from(byte)));
    changed.token = format!("{:016x}{:016x}", number, mix(number));
    changed.updated_ms = now_ms;
    let token = changed.token.clone();
    world.commit(Change::Account(changed));
    Some(token)
}

/// Suspends an account.
pub fn suspend(world: &mut World, account: Sid, now_ms: u64) {
    // An account that does not exist cannot be suspended, and nobody waits to hear so.
    let _ =
        change_account(world, account.as_str(), now_ms, |account| account.status = AccountStatus::Suspended);
}

fn add_bundle(
    world: &mut World,
    account: Sid,
    kind: BundleKind,
    policy: &str,
    friendly_name: &str,
    now_ms: u64,
) -> io::Result<String> {
    let policy = Sid::parse(policy).ok_or_else(|| unknown(policy))?;
    let (sid, birth) = by_hand(world, "BU", account, now_ms);
    world.commit(Change::Bundle(seed::new_bundle(sid, account, kind, policy, birth, friendly_name)));
    Ok(sid.to_string())
}

fn change_account(
    world: &mut World,
    sid: &str,
    now_ms: u64,
    change: impl FnOnce(&mut super::world::Account),
) -> io::Result<String> {
    let account = Sid::parse(sid).and_then(|sid| world.accounts.get(&sid)).ok_or_else(|| unknown(sid))?;
    let mut account = account.clone();
    change(&mut account);
    account.updated_ms = now_ms;
    world.commit(Change::Account(account));
    Ok(sid.to_owned())
}

fn change_number(world: &mut World, sid: &str, change: impl FnOnce(&mut Number)) -> io::Result<String> {
    let number = Sid::parse(sid).and_then(|sid| world.numbers.get(&sid)).ok_or_else(|| unknown(sid))?;
    let mut number = number.clone();
    change(&mut number);
    world.commit(Change::Number(number));
    Ok(sid.to_owned())
}

/// SID and birth of a thing that is made by hand.
fn by_hand(world: &World, prefix: &str, account: Sid, now_ms: u64) -> (Sid, Birth) {
    let (sid, birth) = world.next(prefix, account, now_ms);
    (sid, Birth { seeded: true, ..birth })
}

fn account_of(world: &World, bundle: Sid) -> io::Result<Sid> {
    world.bundles.get(&bundle).map(|bundle| bundle.account).ok_or_else(|| unknown(bundle.as_str()))
}

fn known(text: &str, is_known: impl FnOnce(&Sid) -> bool) -> io::Result<Sid> {
    Sid::parse(text).filter(|sid| is_known(sid)).ok_or_else(|| unknown(text))
}

fn unknown(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("the sandbox knows no {text:?}"))
}
