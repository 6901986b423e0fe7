//! Requests that are carried out later than they came: an answer that tells what is not so yet, and a lost request
//! that arrives after all. Time is read from the clock, there are no timers: what is due is done before the next
//! request, or look at the world.

use std::sync::PoisonError;

use super::Inner;
use super::answers::Answer;
use super::call::{Call, Method};
use super::faults::Fate;
use super::server;
use super::sid::Sid;
use super::world::World;

/// A request that waits.
#[derive(Debug)]
pub struct Late {
    due_ms: u64,
    call: Call,
}

/// Puts a request off. A later one that is due at the same time comes after it.
pub fn put_off(inner: &Inner, call: &Call, after_ms: u64) {
    let due_ms = inner.now_ms().saturating_add(after_ms);
    let mut late = inner.late.lock().unwrap_or_else(PoisonError::into_inner);
    let at = late.partition_point(|other| other.due_ms <= due_ms);
    late.insert(at, Late { due_ms, call: call.clone() });
}

/// Carries out what is due, each at its own time. Nobody hears the answers.
pub fn carry_out(inner: &Inner, world: &mut World) {
    let now_ms = inner.now_ms();
    let due: Vec<Late> = {
        let mut late = inner.late.lock().unwrap_or_else(PoisonError::into_inner);
        let count = late.partition_point(|it| it.due_ms <= now_ms);
        late.drain(..count).collect()
    };
    for Late { due_ms, call } in due {
        server::carry_out(inner, world, &call, &Fate::default(), due_ms);
    }
}

/// Answers an update or a submission as if it had been carried out, and puts it off. Anything else is carried out
/// at once: what a request makes must have the SID that its answer names.
pub fn answer_first(inner: &Inner, world: &mut World, call: &Call, fate: &Fate, after_ms: u64) -> Answer {
    let now_ms = inner.now_ms();
    let last = call.path.rsplit('/').next().unwrap_or_default();
    let names_one = Sid::parse(last.strip_suffix(".json").unwrap_or(last)).is_some();
    if call.method != Method::Post || !names_one {
        return server::carry_out(inner, world, call, fate, now_ms);
    }
    world.is_trying = true;
    let answer = server::carry_out(inner, world, call, fate, now_ms);
    world.is_trying = false;
    if answer.status == 200 {
        put_off(inner, call, after_ms);
    }
    answer
}
