//! Puts into a world what exists from the beginning, as far as it is not there.

use std::io;

use sha2::{Digest, Sha256};

use super::policies::{self, BundleKind};
use super::review::{Review, Verdict};
use super::settings::{Seed, SeedAccount};
use super::sid::Sid;
use super::world::{Account, AccountStatus, Address, Birth, Bundle, Change, Entity, List, Number, World};

/// Adds what is missing; what is there stays as it is.
pub fn apply(world: &mut World, seed: &Seed, now_ms: u64) -> io::Result<()> {
    let parent = world.parent;
    if !world.accounts.contains_key(&parent) {
        let name = "Parent account".to_owned();
        let account = Account::new(parent, parent, seed.parent_token.clone(), name, now_ms);
        world.commit(Change::Account(account));
    }
    if !seed.primary_profile_sid.is_empty() {
        let primary = sid("primary profile", "BU", &seed.primary_profile_sid)?;
        approved_bundle(world, primary, parent, BundleKind::CustomerProfile, policies::PRIMARY, now_ms);
    }
    for account in &seed.accounts {
        apply_account(world, account, now_ms)?;
    }
    Ok(())
}

/// Makes a subaccount, if it is not there.
pub fn demand_account(world: &mut World, account: Sid, now_ms: u64) {
    if !world.accounts.contains_key(&account) {
        let token = super::on_demand_token(account.as_str());
        let name = format!("Subaccount {account}");
        world.commit(Change::Account(Account::new(account, world.parent, token, name, now_ms)));
    }
}

/// Reads a SID that a caller gave.
pub fn sid(what: &str, prefix: &str, text: &str) -> io::Result<Sid> {
    Sid::of_kind(prefix, text).ok_or_else(|| {
        let problem = format!("the sandbox's {what} {text:?} is not a SID: {prefix} and 32 hex digits");
        io::Error::new(io::ErrorKind::InvalidInput, problem)
    })
}

/// The SID of a number of which only the E.164 is known.
pub fn number_sid(account: Sid, e164: &str) -> Sid {
    let digest = Sha256::digest(format!("{account} {e164}"));
    let mut bits = [0; 16];
    bits.copy_from_slice(&digest[..16]);
    Sid::from_bits("PN", bits)
}

/// A US number for a SID of which nothing else is known. Two SIDs may share one, which hurts nobody.
pub fn e164_of(number: Sid) -> String {
    let digest = Sha256::digest(number.as_str());
    let digits = u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]) % 1_000_000;
    format!("+14155{digits:06}")
}

fn apply_account(world: &mut World, seed: &SeedAccount, now_ms: u64) -> io::Result<()> {
    let account = sid("account", "AC", &seed.sid)?;
    if !world.accounts.contains_key(&account) {
        let token = match seed.auth_token.as_str() {
            "" => super::on_demand_token(&seed.sid),
            token => token.to_owned(),
        };
        let mut new = Account::new(account, world.parent, token, seed.friendly_name.clone(), now_ms);
        new.status = AccountStatus::parse(&seed.status).unwrap_or(AccountStatus::Active);
        world.commit(Change::Account(new));
    }
    for (number, e164) in &seed.phone_numbers {
        let number = match number.as_str() {
            "" => number_sid(account, e164),
            number => sid("phone number", "PN", number)?,
        };
        // Digits stand for the number that the account has, whatever its SID.
        let has_it = |sid: &Sid| world.numbers.get(sid).is_some_and(|it| it.e164 == *e164);
        if !world.numbers.contains_key(&number) && !world.list(account, List::Numbers).iter().any(has_it) {
            let birth = world.seeded_birth(account, now_ms);
            let e164 = if e164.is_empty() { e164_of(number) } else { e164.clone() };
            let number = Number { sid: number, account, e164, birth, forbidden: false, bundles: Vec::new() };
            world.commit(Change::Number(number));
        }
    }
    for address in &seed.addresses {
        let address = sid("address", "AD", address)?;
        if !world.addresses.contains_key(&address) && !world.removed.contains(&address) {
            let birth = world.seeded_birth(account, now_ms);
            world.commit(Change::Address(us_address(address, account, birth, &seed.friendly_name)));
        }
    }
    for profile in &seed.customer_profiles {
        let profile = sid("customer profile", "BU", profile)?;
        approved_bundle(world, profile, account, BundleKind::CustomerProfile, policies::SECONDARY, now_ms);
    }
    let voice = seed.trust_products.iter().map(|product| (policies::VOICE_INTEGRITY, product));
    let others = seed.other_products.iter().map(|(policy, product)| (policy.as_str(), product));
    for (policy, product) in voice.chain(others) {
        let product = sid("trust product", "BU", product)?;
        approved_bundle(world, product, account, BundleKind::TrustProduct, policy, now_ms);
        if let Some(profile) = seed.customer_profiles.first() {
            link(world, product, sid("customer profile", "BU", profile)?, account, now_ms);
        }
    }
    Ok(())
}

/// Puts a profile on a product that was there before the world began: without one it would never have
/// been approved. What requests have put on it stays as it is.
fn link(world: &mut World, product: Sid, profile: Sid, account: Sid, now_ms: u64) {
    let is_bare = |sid| world.bundles.get(sid).is_some_and(|it| it.birth.seeded && it.entities.is_empty());
    if is_bare(&product) && world.bundles.contains_key(&profile) {
        let (sid, birth) = world.next("BV", account, now_ms);
        let birth = Birth { seeded: true, ..birth };
        world.commit(Change::Entity(Entity { sid, bundle: product, object: profile, birth }));
    }
}

/// A bundle that was approved before the world began. It holds nothing that could be looked at.
fn approved_bundle(world: &mut World, sid: Sid, account: Sid, kind: BundleKind, policy: &str, now_ms: u64) {
    let is_known = world.bundles.contains_key(&sid) || world.removed.contains(&sid);
    let Some(policy) = Sid::parse(policy).filter(|_| !is_known) else { return };
    let review = Review { submitted_ms: 0, in_review_ms: 0, decided_ms: 0, verdict: Verdict::Approved };
    let bundle = new_bundle(sid, account, kind, policy, world.seeded_birth(account, now_ms), "Made before");
    world.commit(Change::Bundle(Bundle { review: Some(review), ..bundle }));
}

/// An empty draft.
pub fn new_bundle(
    sid: Sid,
    account: Sid,
    kind: BundleKind,
    policy: Sid,
    birth: Birth,
    friendly_name: &str,
) -> Bundle {
    Bundle {
        sid,
        account,
        kind,
        policy,
        birth,
        updated_ms: birth.at_ms,
        friendly_name: friendly_name.to_owned(),
        email: "console@example.com".to_owned(),
        status_callback: None,
        valid_until_ms: None,
        review: None,
        entities: Vec::new(),
        channels: Vec::new(),
        evaluations: Vec::new(),
        used_by: Vec::new(),
    }
}

fn us_address(sid: Sid, account: Sid, birth: Birth, customer_name: &str) -> Address {
    Address {
        sid,
        account,
        birth,
        updated_ms: birth.at_ms,
        customer_name: customer_name.to_owned(),
        street: "101 Spear Street".to_owned(),
        street_secondary: None,
        city: "San Francisco".to_owned(),
        region: "CA".to_owned(),
        postal_code: "94105".to_owned(),
        iso_country: "US".to_owned(),
        friendly_name: String::new(),
        emergency_enabled: false,
    }
}
