//! Where a step stands, and from where it may get there.

use super::digest::Content;
use super::reason::{Note, Reason};
use crate::flow::{BundleStatus, Key, Verb};
use crate::model::{Fault, Sid};

/// Unix milliseconds.
pub type Time = u64;

/// Where a step stands. Everything here may be written down: no name, number, address, e-mail,
/// token or message text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepState {
    /// The request may have gone out; its answer is not known. `sid` is what an update is about; a
    /// creation has none.
    Started { at: Time, content: Content, sid: Option<Sid> },
    /// Done, with the SID of what came of it, and what had been sent.
    Done { sid: Option<Sid>, content: Content, note: Option<Note> },
    /// How a bundle stands in its vetting.
    Seen { status: BundleStatus, codes: Vec<u32> },
    /// The answer was no, or ours is. Asked again by the next run. `kept` is the resource that exists
    /// all the same, where an update of it was refused.
    Refused { reason: Reason, kept: Option<Sid> },
    /// Several resources bear our tag, and only a person can say which one is right.
    Unsure { candidates: Vec<Sid> },
    /// It is there no more: an assignment that the row no longer asks for, or whatever was taken away again.
    Removed,
}

impl StepState {
    pub fn done(sid: Option<Sid>, content: Content) -> StepState {
        StepState::Done { sid, content, note: None }
    }

    /// This state, if a step with this verb can come to it from `previous`.
    ///
    /// What may come after what is decided here and nowhere else. It rules out above all what would make
    /// something twice: nothing is created where something is, and nothing is sent where a person is to decide.
    ///
    /// # Errors
    /// It cannot: a mistake in the program. The state must be written nowhere, and nothing more be sent.
    pub fn after(self, previous: Option<&StepState>, verb: Verb) -> Result<StepState, IllegalState> {
        use Kind::{Creating, Done, Kept, Nothing, Refused, Removed, Seen, Unsure, Updating};
        let (before, now) = (Kind::of(previous), Kind::of(Some(&self)));
        let creates_a_resource = matches!(verb, Verb::Create(_));
        let judges = matches!(verb, Verb::Evaluate | Verb::Submit);
        let is_review = matches!(verb, Verb::Review);
        let is_legal = match (before, now) {
            // A request goes out. What is there is not created once more; an evaluation and a submission make
            // nothing and may be repeated.
            (Nothing | Creating | Removed, Creating) => !verb.only_reads(),
            (Done, Creating) => judges,
            (Updating | Seen | Refused | Kept | Unsure, Creating) => false,
            // Only what is there is updated.
            (Done | Updating, Updating) => creates_a_resource,
            (Nothing | Creating | Seen | Refused | Kept | Unsure | Removed, Updating) => false,
            // It is there: it was asked for, found, or seen once more; of several, a person has named it.
            (Nothing | Done | Refused | Kept | Removed, Done) => !is_review,
            (Creating, Done) => !verb.only_reads(),
            (Updating, Done) => creates_a_resource,
            (Unsure, Done) => verb.creates(),
            (Seen, Done) => false,
            // Only a review is seen.
            (Nothing | Seen | Refused | Removed, Seen) => is_review,
            (Creating | Updating | Done | Kept | Unsure, Seen) => false,
            // The API says no, or we do. A doubt is not settled by that, and what is there is not forgotten.
            (Nothing | Refused | Removed, Refused) => true,
            (Creating, Refused) => !verb.only_reads(),
            (Done, Refused) => !verb.creates() && !is_review,
            (Seen, Refused) => is_review,
            (Updating | Kept | Unsure, Refused) => false,
            (Done | Kept, Kept) => !is_review,
            (Updating, Kept) => creates_a_resource,
            (Nothing | Creating | Seen | Refused | Unsure | Removed, Kept) => false,
            // Several are found where one was looked for.
            (Nothing | Creating | Done | Refused | Kept | Unsure | Removed, Unsure) => verb.creates(),
            (Updating, Unsure) => creates_a_resource,
            (Seen, Unsure) => false,
            // It is gone, never came to be, or none of several is in use; or its bundle was taken away, and with it
            // all that was read, judged or decided of it.
            (Creating, Removed) => !verb.only_reads(),
            (Done | Kept, Removed) => !is_review,
            (Seen, Removed) => is_review,
            (Refused, Removed) => true,
            (Unsure, Removed) => verb.creates(),
            (Nothing | Updating | Removed, Removed) => false,
            (Nothing | Creating | Updating | Done | Seen | Refused | Kept | Unsure | Removed, Nothing) => {
                false
            }
        };
        if is_legal { Ok(self) } else { Err(IllegalState { before: before.word(), now: now.word() }) }
    }
}

/// A state that cannot come after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IllegalState {
    /// Both in a word, such as `created` or `refused`.
    pub before: &'static str,
    pub now: &'static str,
}

impl IllegalState {
    /// What the user is told: it is written nowhere, and nothing more is sent.
    pub fn fault(self, subaccount: &Sid, key: Key) -> Fault {
        let IllegalState { before, now } = self;
        let step = key.step;
        Fault::new(
            format!(
                "The step {step} of {subaccount} was `{before}` and was to be `{now}`: a mistake in the program"
            ),
            "It was not written down, and nothing more was sent. Please report this with the lines of the customer in \
             the ledger's table `history`; running again begins with what is there, and looks before it asks.",
        )
    }
}

/// A state without what belongs to it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Nothing,
    Creating,
    Updating,
    Done,
    Seen,
    Refused,
    /// Refused, and there is something all the same.
    Kept,
    Unsure,
    Removed,
}

impl Kind {
    fn of(state: Option<&StepState>) -> Kind {
        match state {
            None => Kind::Nothing,
            Some(StepState::Started { sid: None, .. }) => Kind::Creating,
            Some(StepState::Started { sid: Some(_), .. }) => Kind::Updating,
            Some(StepState::Done { .. }) => Kind::Done,
            Some(StepState::Seen { .. }) => Kind::Seen,
            Some(StepState::Refused { kept: None, .. }) => Kind::Refused,
            Some(StepState::Refused { kept: Some(_), .. }) => Kind::Kept,
            Some(StepState::Unsure { .. }) => Kind::Unsure,
            Some(StepState::Removed) => Kind::Removed,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Kind::Nothing => "nothing",
            Kind::Creating => "started",
            Kind::Updating => "update started",
            Kind::Done => "done",
            Kind::Seen => "seen",
            Kind::Refused => "refused",
            Kind::Kept => "update refused",
            Kind::Unsure => "unsure",
            Kind::Removed => "removed",
        }
    }
}
