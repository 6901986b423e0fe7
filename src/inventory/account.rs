//! One account: its bundles under our policies, whoever made them, what is on them, and the numbers that it owns.

use super::accounts::no_token;
use super::reader::{Care, NoAnswer, PAGE_SIZES, Reader, must_be_of};
use super::resources::{Bundle, Evaluated, Found, Holdings};
use crate::flow::{Assignments, BundleId, BundleStatus, Call, Collection, Flow, Host, Item, account_path};
use crate::model::{Sid, SidKind};
use crate::twilio::{Account, Identity};
use std::collections::HashSet;

/// What is said of a list that another answer proves to lack something.
const NOT_WHOLE: &str = "a list came back without something that is there";

/// Reads one account.
pub struct AccountReader<'a> {
    pub reader: &'a Reader,
    pub flow: &'static Flow,
    pub account: Sid,
    pub identity: Identity,
    /// The types of what is assigned to bundles.
    pub kinds: &'a [&'static str],
    /// Whether the account's token was read once more.
    pub token_read_again: bool,
}

impl AccountReader<'_> {
    /// Reads everything once. `reading` counts from 0; every other one cuts its lists elsewhere.
    pub async fn read(&mut self, reading: usize) -> Result<Holdings, NoAnswer> {
        loop {
            match self.read_with_token(reading).await {
                // The token may have been changed meanwhile: it is read once more.
                Err(NoAnswer::Unauthorized) if !std::mem::replace(&mut self.token_read_again, true) => {
                    self.identity.token = self.token().await?;
                }
                Err(NoAnswer::Unauthorized) => {
                    return Err(NoAnswer::Here(
                        "the account's credentials are refused (HTTP 401)".to_owned(),
                    ));
                }
                Err(NoAnswer::NotFound) => return Err(NoAnswer::NotWhole(NOT_WHOLE.to_owned())),
                other => return other,
            }
        }
    }

    async fn token(&self) -> Result<crate::twilio::Token, NoAnswer> {
        let account: Account =
            self.reader.read(&Call::get(Host::Api, account_path(&self.account)), &self.reader.parent).await?;
        account.auth_token.ok_or_else(no_token)
    }

    async fn read_with_token(&self, reading: usize) -> Result<Holdings, NoAnswer> {
        let size = PAGE_SIZES[reading % PAGE_SIZES.len()];
        let owned = self.list(Host::Api, &self.numbers_path(None), (size, Care::Twice)).await?;
        let mut holdings = Holdings { owned, ..Holdings::default() };
        let mut collections: Vec<Collection> = vec![];
        for bundle in self.flow.bundles() {
            if !collections.contains(&bundle.collection) {
                collections.push(bundle.collection);
            }
        }
        for collection in collections {
            let of_it: Vec<BundleId> = self.flow.bundles().filter(|it| it.collection == collection).collect();
            // Where one policy is looked for, the API looks for it.
            let path = match of_it.as_slice() {
                [one] => format!("{}?PolicySid={}", collection.path(&self.account, None), one.policy_sid),
                _ => collection.path(&self.account, None),
            };
            let listed = self.list(collection.host(), &path, (size, Care::Twice)).await?;
            for id in of_it {
                for found in listed.iter().filter(|it| Item::is(&it.item.policy_sid, id.policy_sid)) {
                    holdings.bundles.push(self.bundle(id, found.clone(), size).await?);
                }
            }
        }
        if !holdings.bundles.is_empty() {
            self.read_resources(&mut holdings, size).await?;
        }
        self.must_be_whole(&holdings).await?;
        Ok(holdings)
    }

    async fn bundle(&self, id: BundleId, found: Found, size: u32) -> Result<Bundle, NoAnswer> {
        let (Some(sid), Some(status)) = (found.item.sid(), BundleStatus::of(&found.item)) else {
            return Err(NoAnswer::NotWhole("the status of a bundle cannot be read".to_owned()));
        };
        let usual = (size, Care::Usual);
        let path = |end: &str| format!("{}/{end}", id.collection.path(&self.account, Some(&sid)));
        let entities = self.list(Host::TrustHub, &path(Assignments::Entities.path()), usual).await?;
        let numbers = self.list(Host::TrustHub, &path(Assignments::ChannelEndpoints.path()), usual).await?;
        let mut why = found.item.codes().iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
        // Often a rejection gives no codes [public code]; then the newest evaluation has the reasons.
        if status == BundleStatus::TwilioRejected && why.is_empty() {
            why = self.newest_evaluation(id, &path("Evaluations"), size).await?;
        }
        Ok(Bundle { id, sid, status, found, entities, numbers, why })
    }

    async fn newest_evaluation(&self, id: BundleId, path: &str, size: u32) -> Result<String, NoAnswer> {
        let of_it = |it: &Evaluated| must_be_of(&self.account)(&found(it.evaluation.item()));
        let listed: Vec<Evaluated> =
            self.reader.list(Host::TrustHub, path, (size, Care::Usual), &self.identity, of_it).await?;
        // Of several of one moment, the list names the newest first.
        let newest = listed.iter().rev().max_by(|one, other| one.date_created.cmp(&other.date_created));
        Ok(newest.map(|it| it.evaluation.in_codes(&it.evaluation.failing(id))).unwrap_or_default())
    }

    /// End users, documents and addresses: by their lists; what is assigned and not listed is read by its SID.
    async fn read_resources(&self, holdings: &mut Holdings, size: u32) -> Result<(), NoAnswer> {
        for collection in [Collection::EndUsers, Collection::SupportingDocuments, Collection::Addresses] {
            let path = collection.path(&self.account, None);
            for found in self.list(collection.host(), &path, (size, Care::Usual)).await? {
                holdings.resources.extend(found.item.sid().map(|sid| (sid, found)));
            }
        }
        let assigned: Vec<Sid> = holdings.bundles.iter().flat_map(Bundle::objects).collect();
        for sid in assigned {
            self.read_one(&sid, holdings).await?;
        }
        let addresses: Vec<Sid> = holdings.resources.values().filter_map(address_of).collect();
        for sid in addresses {
            self.read_one(&sid, holdings).await?;
        }
        Ok(())
    }

    async fn read_one(&self, sid: &Sid, holdings: &mut Holdings) -> Result<(), NoAnswer> {
        let collection = match sid.kind() {
            Some(SidKind::EndUser) => Collection::EndUsers,
            Some(SidKind::SupportingDocument) => Collection::SupportingDocuments,
            Some(SidKind::Address) => Collection::Addresses,
            _ => return Ok(()),
        };
        if holdings.resources.contains_key(sid) {
            return Ok(());
        }
        if let Some(found) = self.one(collection.host(), collection.path(&self.account, Some(sid))).await? {
            holdings.resources.insert(sid.clone(), found);
        }
        Ok(())
    }

    /// Holds the lists against each other: what one of them names and another lacks is asked for by its SID, and
    /// where it is there, the other is not whole.
    async fn must_be_whole(&self, holdings: &Holdings) -> Result<(), NoAnswer> {
        let not_whole = || NoAnswer::NotWhole(NOT_WHOLE.to_owned());
        let mut asked = HashSet::new();
        for bundle in &holdings.bundles {
            // Where there is what it could hold, an approved one holds some of it.
            let has_contents = holdings.has_loose_ends(self.kinds)
                || holdings.bundles.iter().any(|it| Some(it.id) == bundle.id.depends_on() && !it.is_empty());
            if bundle.status == BundleStatus::TwilioApproved && bundle.entities.is_empty() && has_contents {
                return Err(not_whole());
            }
            for number in bundle.numbers() {
                if !holdings.owns(&number)
                    && asked.insert(number.clone())
                    && self.one(Host::Api, self.numbers_path(Some(&number))).await?.is_some()
                {
                    return Err(not_whole());
                }
            }
            let is_known = |sid: &Sid| holdings.bundles.iter().any(|it| it.sid == *sid);
            let depends_on = bundle.id.depends_on();
            for (profile, sid) in depends_on.iter().flat_map(|it| bundle.objects().map(move |sid| (it, sid)))
            {
                if sid.is(SidKind::Bundle) && !is_known(&sid) && asked.insert(sid.clone()) {
                    let path = profile.collection.path(&self.account, Some(&sid));
                    let found = self.one(Host::TrustHub, path).await?;
                    if found.is_some_and(|it| Item::is(&it.item.policy_sid, profile.policy_sid)) {
                        return Err(not_whole());
                    }
                }
            }
        }
        Ok(())
    }

    /// One resource; `None` where there is none.
    async fn one(&self, host: Host, path: String) -> Result<Option<Found>, NoAnswer> {
        match self.reader.read::<Found>(&Call::get(host, path), &self.identity).await {
            Ok(found) => must_be_of(&self.account)(&found).map(|()| Some(found)),
            Err(NoAnswer::NotFound) => Ok(None),
            Err(other) => Err(other),
        }
    }

    async fn list(&self, host: Host, path: &str, how: (u32, Care)) -> Result<Vec<Found>, NoAnswer> {
        self.reader.list(host, path, how, &self.identity, must_be_of(&self.account)).await
    }

    fn numbers_path(&self, number: Option<&Sid>) -> String {
        let end = number.map(|it| format!("/{it}")).unwrap_or_default();
        format!("/2010-04-01/Accounts/{}/IncomingPhoneNumbers{end}.json", self.account)
    }
}

/// The address that a document names.
pub fn address_of(document: &Found) -> Option<Sid> {
    let values = document.item.attributes.as_ref()?.values();
    let mut texts = values.flat_map(|value| match value {
        // One SID as a string in every sample, and a list in the name of its attribute.
        serde_json::Value::Array(several) => several.iter().filter_map(|it| it.as_str()).collect(),
        other => other.as_str().into_iter().collect::<Vec<&str>>(),
    });
    texts.find_map(|text| Sid::parse(text).filter(|sid| sid.is(SidKind::Address)))
}

fn found(item: Item) -> Found {
    Found { item, valid_until: None, date_created: None, date_updated: None }
}
