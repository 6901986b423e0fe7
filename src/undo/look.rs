//! Everything that an account holds and that could be ours, or stand in the way.

use super::exchange::{Exchange, Reply, Stop};
use crate::facts::StepState;
use crate::flow::{Assignments, Collection, Host, Item, Object, StepId, Verb};
use crate::model::{Sid, SidKind};
use crate::plan::{TURN_MAX_MS, bears_tag};
use std::collections::{HashMap, HashSet};

/// What a look has shown.
#[derive(Default)]
pub(super) struct Seen {
    resources: Vec<(Collection, Item)>,
    entities: HashMap<Sid, Vec<Item>>,
    numbers: HashMap<Sid, Vec<Item>>,
    /// What the ledger knows and the API does not any more.
    gone: HashSet<Sid>,
}

const BUNDLES: [Collection; 2] = [Collection::CustomerProfiles, Collection::TrustProducts];

impl Seen {
    /// What is in a collection.
    pub fn of(&self, collection: Collection) -> impl Iterator<Item = &Item> {
        self.resources.iter().filter(move |it| it.0 == collection).map(|it| &it.1)
    }

    pub fn item(&self, sid: &Sid) -> Option<&Item> {
        self.resources.iter().map(|it| &it.1).find(|it| it.sid().as_ref() == Some(sid))
    }

    pub fn is_gone(&self, sid: &Sid) -> bool {
        self.gone.contains(sid)
    }

    /// What is assigned to a bundle, end users, documents and other bundles.
    pub fn entities(&self, bundle: &Sid) -> &[Item] {
        self.entities.get(bundle).map_or(&[], Vec::as_slice)
    }

    fn all_entities(&self) -> impl Iterator<Item = &Item> {
        self.entities.values().flatten()
    }

    pub fn numbers(&self, bundle: &Sid) -> &[Item] {
        self.numbers.get(bundle).map_or(&[], Vec::as_slice)
    }

    /// The bundles that something is assigned to, each with the assignment.
    pub fn holders(&self, object: &Sid) -> Vec<(Sid, Sid)> {
        let holds = |item: &&Item| Item::is(&item.object_sid, object.as_str());
        let of = |(bundle, items): (&Sid, &Vec<Item>)| {
            let sids: Vec<_> = items.iter().filter(holds).filter_map(Item::sid).collect();
            sids.into_iter().map(|it| (bundle.clone(), it)).collect::<Vec<_>>()
        };
        self.entities.iter().flat_map(of).collect()
    }

    /// The documents that name an address.
    pub fn documents_of(&self, address: &Sid) -> impl Iterator<Item = Sid> {
        let names = |item: &&Item| {
            let values = item.attributes.iter().flat_map(|it| it.values());
            values.into_iter().any(|it| it.to_string().contains(address.as_str()))
        };
        self.of(Collection::SupportingDocuments)
            .filter(names)
            .filter_map(Item::sid)
            .collect::<Vec<_>>()
            .into_iter()
    }
}

/// Whether an assignment is that of a bundle.
pub(super) fn is_bundle(assignment: &Item) -> bool {
    assignment.object_sid.as_deref().and_then(Sid::parse).is_some_and(|it| it.is(SidKind::Bundle))
}

/// Whether a listed resource is of the kind that a step creates and bears our tag.
pub(super) fn is_tagged(step: StepId, account: &Sid, item: &Item) -> bool {
    let Verb::Create(resource) = step.verb else { return false };
    let is_of_the_type = resource.fixed.iter().all(|(field, value)| match *field {
        "Type" => Item::is(&item.kind, value),
        _ => true,
    });
    let name = item.friendly_name.as_deref().unwrap_or_default();
    is_of_the_type && bears_tag(name, account, resource.tag)
}

impl Exchange<'_> {
    /// Reads everything. What was asked for and never answered may still come to be: it is waited for.
    pub async fn look(&mut self) -> Result<Seen, Stop> {
        self.check_account().await?;
        let settings = &self.undo.settings;
        let certain =
            self.undo.began_at + TURN_MAX_MS + settings.call_timeout_ms + settings.visibility_window_ms;
        let seen = self.read_all().await?;
        let now = self.undo.clock.now();
        if now >= certain || !self.awaits_something(&seen) {
            return Ok(seen);
        }
        self.pause(certain - now).await;
        self.read_all().await
    }

    /// Whether a request of an earlier run has no end and what it makes does not show.
    fn awaits_something(&self, seen: &Seen) -> bool {
        self.facts.states().any(|(key, state)| {
            let StepState::Started { sid: None, .. } = state else { return false };
            match key.step.verb {
                Verb::Create(it) => !seen.of(it.collection).any(|it| is_tagged(key.step, self.account, it)),
                Verb::Assign(object) => !seen.all_entities().any(|it| self.assigns(object, it)),
                Verb::AssignNumbers => {
                    let is_it = |it: &Item| {
                        key.part.sid().is_some_and(|sid| Item::is(&it.channel_endpoint_sid, sid.as_str()))
                    };
                    !seen.numbers.values().flatten().any(is_it)
                }
                _ => false,
            }
        })
    }

    /// Whether an assignment is about this object, as far as the ledger knows that.
    fn assigns(&self, object: Object, item: &Item) -> bool {
        match object {
            Object::MadeBy(step) => {
                self.facts.sid(step).is_some_and(|it| Item::is(&item.object_sid, it.as_str()))
            }
            Object::PrimaryProfile => is_bundle(item),
        }
    }

    async fn read_all(&mut self) -> Result<Seen, Stop> {
        let flow = self.undo.settings.flow;
        let mut seen = Seen::default();
        let contents = [Collection::EndUsers, Collection::SupportingDocuments, Collection::Addresses];
        for collection in BUNDLES.into_iter().chain(contents) {
            let path = collection.path(self.account, None);
            let items = self.list(flow.discovery, collection.host(), &path).await?.unwrap_or_default();
            seen.resources.extend(items.into_iter().map(|it| (collection, it)));
        }
        // What a list does not show yet may be there all the same.
        for step in flow.steps() {
            let Verb::Create(resource) = step.verb else { continue };
            let Some(sid) = self.facts.sid(step).cloned() else { continue };
            if seen.item(&sid).is_some() {
                continue;
            }
            let path = resource.collection.path(self.account, Some(&sid));
            match self.read(step, resource.collection.host(), path).await? {
                Reply::Yes(item) => seen.resources.push((resource.collection, item)),
                Reply::Gone => {
                    seen.gone.insert(sid);
                }
                Reply::No(refusal) => return Err(Stop::Over(super::Why::refused(&refusal))),
            }
        }
        self.read_assignments(&mut seen).await?;
        Ok(seen)
    }

    /// What is assigned to every bundle: also somebody else's may hold something of ours.
    async fn read_assignments(&mut self, seen: &mut Seen) -> Result<(), Stop> {
        let flow = self.undo.settings.flow;
        let is_ours = |collection: Collection, item: &Item| {
            let made = flow.bundles().map(|it| it.made_by());
            made.into_iter().any(|step| {
                let is_known = item.sid().is_some_and(|sid| self.facts.sid(step) == Some(&sid));
                step.bundle.collection == collection && (is_known || is_tagged(step, self.account, item))
            })
        };
        let contents_are_ours = flow.steps().filter(|it| !it.creates_its_bundle()).any(|step| {
            let Verb::Create(it) = step.verb else { return false };
            seen.of(it.collection).any(|it| is_tagged(step, self.account, it))
        });
        let bundles: Vec<(Collection, Sid, bool)> = BUNDLES
            .into_iter()
            .flat_map(|collection| seen.of(collection).map(move |it| (collection, it)))
            .filter_map(|(collection, it)| Some((collection, it.sid()?, is_ours(collection, it))))
            .collect();
        if !contents_are_ours && !bundles.iter().any(|it| it.2) {
            return Ok(());
        }
        for (collection, bundle, is_ours) in bundles {
            let of = |list: Assignments| {
                format!("{}/{}", collection.path(self.account, Some(&bundle)), list.path())
            };
            let (entities, numbers) = (of(Assignments::Entities), of(Assignments::ChannelEndpoints));
            let items = self.list(flow.discovery, Host::TrustHub, &entities).await?;
            seen.entities.insert(bundle.clone(), items.unwrap_or_default());
            if is_ours {
                let items = self.list(flow.discovery, Host::TrustHub, &numbers).await?;
                seen.numbers.insert(bundle, items.unwrap_or_default());
            }
        }
        Ok(())
    }
}
