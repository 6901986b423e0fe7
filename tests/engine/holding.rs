//! A server between the run and the sandbox that holds one request back until later.

use crate::fixture::{Fixture, FixtureClock};
use crate::proxy::{Held, answer};
use axum::extract::Request;
use axum::response::Response;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use trusthub_onboard::clock::Clock;
use trusthub_onboard::sandbox::Server;

/// A server before the sandbox that holds one request back: its connection closes without an answer, and it
/// is carried out later.
pub struct Holding {
    pub base_url: String,
    sandbox: Server,
    clock: Arc<FixtureClock>,
    /// What the path and the body of the held request contain.
    held: (&'static str, &'static str),
    /// After so many further requests it is carried out.
    after: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    request: Option<(Held, u64)>,
    was_held: bool,
    since: u64,
}

/// No request is on its way for longer.
const CALL_TIMEOUT_MS: u64 = 60_000;

impl Holding {
    pub async fn before(fixture: &Fixture, held: (&'static str, &'static str), after: u64) -> Arc<Holding> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let sandbox = fixture.sandbox.serve(listener).expect("a server");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base_url = format!("http://{}", listener.local_addr().expect("an address"));
        let (clock, state) = (fixture.clock.clone(), Mutex::default());
        let holding = Arc::new(Holding { base_url, sandbox, clock, held, after, state });
        let hands = holding.clone();
        let router = axum::Router::new().fallback(move |request| hold_or_pass(hands.clone(), request));
        tokio::spawn(async move { axum::serve(listener, router).await });
        holding
    }

    /// Whether the request came.
    pub fn holds(&self) -> bool {
        self.state.lock().expect("a lock").was_held
    }

    /// Carries the held request out, if that has not been done.
    pub async fn release(&self) {
        let held = self.state.lock().expect("a lock").request.take();
        if let Some((request, _)) = held {
            request.send(self.sandbox.base_url()).await;
        }
    }
}

async fn hold_or_pass(holding: Arc<Holding>, request: Request) -> Response {
    let request = Held::of(request).await;
    let now = holding.clock.now();
    let is_due = {
        let mut state = holding.state.lock().expect("a lock");
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let is_it = request.target.contains(holding.held.0) && body.contains(holding.held.1);
        if is_it && !state.was_held && request.method == "POST" {
            state.was_held = true;
            state.request = Some((request.clone(), now));
            drop(state);
            // No hook prints, and the connection closes.
            std::panic::resume_unwind(Box::new(()));
        }
        let since = state.since;
        state.since += u64::from(state.was_held);
        state.request.as_ref().is_some_and(|it| since >= holding.after || now >= it.1 + CALL_TIMEOUT_MS)
    };
    if is_due {
        holding.release().await;
    }
    let (status, body) = request.send(holding.sandbox.base_url()).await;
    answer(status, body)
}
