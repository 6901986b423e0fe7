//! The state of the sandbox: accounts and all that they own. Every change of it is a [`Change`],
//! applied by one function, so that reading the journal again makes the same world.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::evaluation::Finding;
use super::policies::BundleKind;
use super::review::Review;
use super::sid::Sid;

/// Version of the journal's lines. It goes up when an older sandbox could misread them.
pub const JOURNAL_VERSION: u32 = 1;

/// One committed change: also one line of the journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Change {
    /// The first line of every journal.
    World {
        version: u32,
        id: String,
        seed: u64,
        parent: Sid,
    },
    /// The other variants put a thing in place of the one with the same SID, or add it.
    Account(Account),
    Number(Number),
    Address(Address),
    Bundle(Bundle),
    Object(Object),
    Entity(Entity),
    Channel(Channel),
    Evaluation(Evaluation),
    Removed(Sid),
    /// A thing that belongs to a bundle is gone: bundle, then thing.
    RemovedFrom(Sid, Sid),
}

/// When and in which order a thing came to be.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Birth {
    /// Position in the order of creation over the whole world.
    pub order: u64,
    /// Position in the order of creation in its account; its SID was made from this.
    pub turn: u64,
    pub at_ms: u64,
    /// Lists do not show it before this time.
    #[serde(default)]
    pub hidden_until_ms: u64,
    /// It was there from the beginning, no request made it.
    pub seeded: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Account {
    pub sid: Sid,
    pub owner: Sid,
    pub token: String,
    pub friendly_name: String,
    pub status: AccountStatus,
    pub created_ms: u64,
    pub updated_ms: u64,
    /// What its reviewer does; `None` follows the rules.
    pub reviewer: Option<super::review::Reviewer>,
    #[serde(skip)]
    turn: u64,
    #[serde(skip)]
    owned: [Vec<Sid>; 6],
    #[serde(skip)]
    pub subaccounts: Vec<Sid>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountStatus {
    Active,
    Suspended,
    Closed,
}

/// The lists an account has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    Profiles,
    Products,
    EndUsers,
    Documents,
    Addresses,
    Numbers,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Number {
    pub sid: Sid,
    pub account: Sid,
    pub e164: String,
    pub birth: Birth,
    /// Bundles refuse it.
    pub forbidden: bool,
    #[serde(skip)]
    pub bundles: Vec<Sid>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Address {
    pub sid: Sid,
    pub account: Sid,
    pub birth: Birth,
    pub updated_ms: u64,
    pub customer_name: String,
    pub street: String,
    pub street_secondary: Option<String>,
    pub city: String,
    pub region: String,
    pub postal_code: String,
    pub iso_country: String,
    pub friendly_name: String,
    pub emergency_enabled: bool,
}

/// A customer profile or a trust product.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bundle {
    pub sid: Sid,
    pub account: Sid,
    pub kind: BundleKind,
    pub policy: Sid,
    pub birth: Birth,
    pub updated_ms: u64,
    pub friendly_name: String,
    pub email: String,
    pub status_callback: Option<String>,
    /// Until when it is valid; `None`: for ever.
    #[serde(default)]
    pub valid_until_ms: Option<u64>,
    /// The latest submission; `None` is a draft.
    pub review: Option<Review>,
    #[serde(skip)]
    pub entities: Vec<Entity>,
    #[serde(skip)]
    pub channels: Vec<Channel>,
    #[serde(skip)]
    pub evaluations: Vec<Evaluation>,
    /// Bundles that this one is assigned to, one entry per assignment.
    #[serde(skip)]
    pub used_by: Vec<Sid>,
}

/// An end user or a supporting document.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Object {
    pub sid: Sid,
    pub account: Sid,
    pub object_type: String,
    pub birth: Birth,
    pub updated_ms: u64,
    pub friendly_name: String,
    /// JSON text of an object; `None` if none was ever sent.
    pub attributes: Option<String>,
    /// Bundles that it is assigned to, one entry per assignment.
    #[serde(skip)]
    pub used_by: Vec<Sid>,
}

/// An object or a bundle on a bundle (`BV…`).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entity {
    pub sid: Sid,
    pub bundle: Sid,
    pub object: Sid,
    pub birth: Birth,
}

/// A phone number on a bundle (`RA…`).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Channel {
    pub sid: Sid,
    pub bundle: Sid,
    pub number: Sid,
    pub birth: Birth,
}

/// The outcome of one evaluation (`EL…`).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Evaluation {
    pub sid: Sid,
    pub bundle: Sid,
    pub birth: Birth,
    pub findings: Vec<Finding>,
}

#[derive(Debug)]
pub struct World {
    pub id: String,
    pub parent: Sid,
    seed: u64,
    order: u64,
    pub accounts: HashMap<Sid, Account>,
    pub numbers: HashMap<Sid, Number>,
    pub addresses: HashMap<Sid, Address>,
    pub bundles: HashMap<Sid, Bundle>,
    pub objects: HashMap<Sid, Object>,
    /// What was there from the beginning and was removed since; a seed must not bring it back.
    pub removed: HashSet<Sid>,
    /// A request is tried: what it commits is forgotten.
    pub is_trying: bool,
    /// Lines of the journal that are not in the file yet; `None` without a journal.
    pub unwritten: Option<Vec<u8>>,
}

impl World {
    /// An empty world.
    pub fn new(parent: Sid, id: String, seed: u64) -> World {
        World {
            id,
            parent,
            seed,
            order: 0,
            accounts: HashMap::new(),
            numbers: HashMap::new(),
            addresses: HashMap::new(),
            bundles: HashMap::new(),
            objects: HashMap::new(),
            removed: HashSet::new(),
            is_trying: false,
            unwritten: None,
        }
    }

    /// The first line of this world's journal.
    pub fn headline(&self) -> Change {
        Change::World { version: JOURNAL_VERSION, id: self.id.clone(), seed: self.seed, parent: self.parent }
    }

    /// Carries a change out and puts its line up for the journal.
    pub fn commit(&mut self, change: Change) {
        if self.is_trying {
            return;
        }
        if let Some(lines) = &mut self.unwritten {
            // Writing these types to memory as JSON cannot fail: they hold no maps and no floats.
            if serde_json::to_writer(&mut *lines, &change).is_ok() {
                lines.push(b'\n');
            }
        }
        self.apply(change);
    }

    /// The SID and the birth of the next thing that an account makes. Nothing is used up until the
    /// thing is committed, and a SID is never given twice: turns only go up.
    pub fn next(&self, prefix: &str, account: Sid, at_ms: u64) -> (Sid, Birth) {
        let turn = self.accounts.get(&account).map_or(0, |a| a.turn) + 1;
        let mut hash = Sha256::new();
        hash.update(self.seed.to_le_bytes());
        hash.update(account.as_str());
        hash.update(turn.to_le_bytes());
        let digest = hash.finalize();
        let mut bits = [0; 16];
        bits.copy_from_slice(&digest[..16]);
        (
            Sid::from_bits(prefix, bits),
            Birth { order: self.order + 1, turn, at_ms, hidden_until_ms: 0, seeded: false },
        )
    }

    /// The birth of a thing whose SID is given.
    pub fn seeded_birth(&self, account: Sid, at_ms: u64) -> Birth {
        Birth { seeded: true, ..self.next("XX", account, at_ms).1 }
    }

    /// The SIDs that an account has in one of its lists, oldest first.
    pub fn list(&self, account: Sid, list: List) -> &[Sid] {
        self.accounts.get(&account).map_or(&[], |a| &a.owned[list as usize])
    }

    /// Carries a change out. Read from a journal, the same changes make the same world.
    pub fn apply(&mut self, change: Change) {
        match change {
            Change::World { .. } => {}
            Change::Account(account) => self.apply_account(account),
            Change::Number(mut number) => {
                self.born(number.account, &number.birth);
                match self.numbers.get_mut(&number.sid) {
                    Some(old) => {
                        number.bundles = std::mem::take(&mut old.bundles);
                        if old.account != number.account {
                            let from = old.account;
                            self.disown(from, List::Numbers, number.sid);
                            self.own(number.account, List::Numbers, number.sid);
                        }
                    }
                    None => self.own(number.account, List::Numbers, number.sid),
                }
                self.numbers.insert(number.sid, number);
            }
            Change::Address(address) => {
                self.born(address.account, &address.birth);
                if !self.addresses.contains_key(&address.sid) {
                    self.own(address.account, List::Addresses, address.sid);
                }
                self.addresses.insert(address.sid, address);
            }
            Change::Bundle(mut bundle) => {
                self.born(bundle.account, &bundle.birth);
                match self.bundles.get_mut(&bundle.sid) {
                    Some(old) => {
                        bundle.entities = std::mem::take(&mut old.entities);
                        bundle.channels = std::mem::take(&mut old.channels);
                        bundle.evaluations = std::mem::take(&mut old.evaluations);
                        bundle.used_by = std::mem::take(&mut old.used_by);
                    }
                    None => self.own(bundle.account, bundle.kind.list(), bundle.sid),
                }
                self.bundles.insert(bundle.sid, bundle);
            }
            Change::Object(mut object) => {
                self.born(object.account, &object.birth);
                match self.objects.get_mut(&object.sid) {
                    Some(old) => object.used_by = std::mem::take(&mut old.used_by),
                    None => self.own(object.account, object.list(), object.sid),
                }
                self.objects.insert(object.sid, object);
            }
            Change::Entity(entity) => {
                self.born_on(entity.bundle, &entity.birth);
                if let Some(users) = self.users_of(entity.object) {
                    users.push(entity.bundle);
                }
                if let Some(bundle) = self.bundles.get_mut(&entity.bundle) {
                    bundle.entities.push(entity);
                }
            }
            Change::Channel(channel) => {
                self.born_on(channel.bundle, &channel.birth);
                if let Some(number) = self.numbers.get_mut(&channel.number) {
                    number.bundles.push(channel.bundle);
                }
                if let Some(bundle) = self.bundles.get_mut(&channel.bundle) {
                    bundle.channels.push(channel);
                }
            }
            Change::Evaluation(evaluation) => {
                self.born_on(evaluation.bundle, &evaluation.birth);
                if let Some(bundle) = self.bundles.get_mut(&evaluation.bundle) {
                    bundle.evaluations.push(evaluation);
                }
            }
            Change::Removed(sid) => self.remove(sid),
            Change::RemovedFrom(bundle, sid) => self.remove_from(bundle, sid),
        }
    }

    fn apply_account(&mut self, mut account: Account) {
        match self.accounts.get_mut(&account.sid) {
            Some(old) => {
                account.turn = old.turn;
                account.owned = std::mem::take(&mut old.owned);
                account.subaccounts = std::mem::take(&mut old.subaccounts);
            }
            None => {
                if let Some(owner) = self.accounts.get_mut(&account.owner) {
                    owner.subaccounts.push(account.sid);
                }
            }
        }
        self.accounts.insert(account.sid, account);
    }

    fn remove(&mut self, sid: Sid) {
        let birth = (self.objects.get(&sid).map(|object| object.birth))
            .or(self.addresses.get(&sid).map(|address| address.birth))
            .or(self.bundles.get(&sid).map(|bundle| bundle.birth));
        if birth.is_some_and(|birth| birth.seeded) {
            self.removed.insert(sid);
        }
        if let Some(object) = self.objects.remove(&sid) {
            self.disown(object.account, object.list(), sid);
        }
        if let Some(address) = self.addresses.remove(&sid) {
            self.disown(address.account, List::Addresses, sid);
        }
        if let Some(bundle) = self.bundles.remove(&sid) {
            self.disown(bundle.account, bundle.kind.list(), sid);
            for entity in &bundle.entities {
                if let Some(users) = self.users_of(entity.object) {
                    forget_one(users, sid);
                }
            }
            for channel in &bundle.channels {
                if let Some(number) = self.numbers.get_mut(&channel.number) {
                    forget_one(&mut number.bundles, sid);
                }
            }
        }
    }

    fn remove_from(&mut self, bundle_sid: Sid, sid: Sid) {
        let Some(bundle) = self.bundles.get_mut(&bundle_sid) else { return };
        if let Some(at) = bundle.entities.iter().position(|e| e.sid == sid) {
            let object = bundle.entities.remove(at).object;
            if let Some(users) = self.users_of(object) {
                forget_one(users, bundle_sid);
            }
        } else if let Some(at) = bundle.channels.iter().position(|c| c.sid == sid) {
            let number = bundle.channels.remove(at).number;
            if let Some(number) = self.numbers.get_mut(&number) {
                forget_one(&mut number.bundles, bundle_sid);
            }
        }
    }

    /// The list of bundles that use a thing, unless the thing is gone.
    fn users_of(&mut self, object: Sid) -> Option<&mut Vec<Sid>> {
        match self.objects.get_mut(&object) {
            Some(object) => Some(&mut object.used_by),
            None => self.bundles.get_mut(&object).map(|bundle| &mut bundle.used_by),
        }
    }

    fn born_on(&mut self, bundle: Sid, birth: &Birth) {
        if let Some(account) = self.bundles.get(&bundle).map(|b| b.account) {
            self.born(account, birth);
        }
    }

    fn born(&mut self, account: Sid, birth: &Birth) {
        self.order = self.order.max(birth.order);
        if let Some(account) = self.accounts.get_mut(&account) {
            account.turn = account.turn.max(birth.turn);
        }
    }

    fn own(&mut self, account: Sid, list: List, sid: Sid) {
        if let Some(account) = self.accounts.get_mut(&account) {
            account.owned[list as usize].push(sid);
        }
    }

    fn disown(&mut self, account: Sid, list: List, sid: Sid) {
        if let Some(account) = self.accounts.get_mut(&account) {
            account.owned[list as usize].retain(|owned| *owned != sid);
        }
    }
}

impl Account {
    /// A new active account that owns nothing yet.
    pub fn new(sid: Sid, owner: Sid, token: String, friendly_name: String, at_ms: u64) -> Account {
        Account {
            sid,
            owner,
            token,
            friendly_name,
            status: AccountStatus::Active,
            created_ms: at_ms,
            updated_ms: at_ms,
            reviewer: None,
            turn: 0,
            owned: Default::default(),
            subaccounts: Vec::new(),
        }
    }
}

impl AccountStatus {
    /// The word of the API, as `parse` reads it.
    pub fn as_str(self) -> &'static str {
        match self {
            AccountStatus::Active => "active",
            AccountStatus::Suspended => "suspended",
            AccountStatus::Closed => "closed",
        }
    }

    pub fn parse(text: &str) -> Option<AccountStatus> {
        match text {
            "active" => Some(AccountStatus::Active),
            "suspended" => Some(AccountStatus::Suspended),
            "closed" => Some(AccountStatus::Closed),
            _ => None,
        }
    }
}

impl Object {
    fn list(&self) -> List {
        if self.sid.prefix() == "IT" { List::EndUsers } else { List::Documents }
    }
}

fn forget_one(sids: &mut Vec<Sid>, sid: Sid) {
    if let Some(at) = sids.iter().position(|s| *s == sid) {
        sids.remove(at);
    }
}
