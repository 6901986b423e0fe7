//! One request, as often as it may safely be repeated.

use super::answer::{Answer, Class, Refusal, Whole, classify, is_the_apis_own, says_that_it_is_over};
use super::breaker::{Breaker, Failure, Pass};
use super::hosts::{Endpoint, Hosts};
use super::obstacle;
use super::pace::{Heard, Pace, Turn};
use crate::clock::Clock;
use crate::events::{Event, Observer, Request, Response};
use crate::flow::{Call, Method, StepId};
use crate::model::{Fault, Sid};
use crate::plan::{Code, Time};
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use secrecy::{ExposeSecret, SecretString};
use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, UNIX_EPOCH};
use tokio_util::sync::CancellationToken;

/// An auth token. It has no way into a log or a message.
pub type Token = SecretString;

/// Who a request is sent as.
#[derive(Clone)]
pub struct Identity {
    pub account: Sid,
    pub token: Token,
}

/// What a request is for.
#[derive(Clone, Copy)]
pub struct Purpose<'a> {
    /// The row's subaccount.
    pub customer: &'a Sid,
    pub step: StepId,
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// Until a connection stands, TLS included.
    pub connect_ms: u64,
    /// From the first byte sent to the last byte received.
    pub call_ms: u64,
}

/// What became of a request.
#[derive(Debug)]
pub enum Sent {
    Done(Answer),
    /// It may have been carried out. `heard` says what answer came, if any.
    Unknown {
        heard: Answered,
    },
    Unauthorized(Refusal),
    NotFound(Refusal),
    Conflict(Refusal),
    Refused(Refusal),
    /// 3xx: whoever answered is not the API.
    Redirected(Refusal),
    /// It was surely not carried out: nothing but 429, no connection, or a conflicting update without an end.
    Unavailable(Obstacle),
}

/// What became of one try.
#[derive(Debug)]
pub enum Once {
    Over(Sent),
    /// It was surely not carried out; it may be sent again after this wait.
    Again {
        wait_ms: u64,
    },
}

/// What a request that is repeated has been through.
#[derive(Default)]
pub struct Tries {
    count: u32,
    refused_since: Option<Time>,
    connections: u32,
    conflicts: u32,
    /// It is not repeated for as long as the API is away for everyone.
    are_all: bool,
}

impl Tries {
    /// How often it was sent.
    pub fn count(&self) -> u32 {
        self.count
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The API's own answer, which does not say what became of the request: only that no more will.
    Failed {
        status: u16,
    },
    /// An answer that a proxy or gateway may have given while the API was still at work.
    Gateway {
        status: u16,
    },
    Nothing,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// 429 for as long as we were ready to wait.
    TooMany,
    /// Another request was changing the same resource (20162) for as long as we were ready to wait.
    UpdateInProgress,
    /// The host could not be reached; the reason in the words of the network.
    NoConnection(String),
    /// The run was stopped before it went out.
    Stopped,
    /// The API was away for everyone, for as long as we were ready to wait; the reason.
    Away(String),
}

/// Sends requests to both APIs.
pub struct Client {
    http: reqwest::Client,
    hosts: Hosts,
    pace: Pace,
    breaker: Breaker,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn Observer>,
    /// Whether anything has answered in this run.
    was_reached: AtomicBool,
}

/// Nothing but 429 for this long means that going on is pointless for now.
const TOO_MANY_MAX_MS: Time = 15 * 60 * 1_000;

/// The wait after the first 429; it doubles each time up to the second constant. Twilio's own
/// guidance is exponential back-off; half a second is one call at the pace of most public scripts.
const TOO_MANY_FIRST_WAIT_MS: u64 = 500;
const TOO_MANY_WAIT_MAX_MS: u64 = 30_000;

/// A server that asks for a longer pause than this is asked again after it all the same.
const RETRY_AFTER_MAX_MS: u64 = 5 * 60 * 1_000;

/// A request that could not be sent is tried this often: about a minute with the waits below,
/// enough for a router that restarts.
const CONNECTIONS_MAX: u32 = 8;
const CONNECTION_FIRST_WAIT_MS: u64 = 250;
const CONNECTION_WAIT_MAX_MS: u64 = 16_000;

/// A request that meets a conflicting update is sent this often: about a minute with the waits below, for an
/// update that takes milliseconds. The dictionary asks for exponential back-off [docs, 20162].
const CONFLICTS_MAX: u32 = 8;
const CONFLICT_FIRST_WAIT_MS: u64 = 500;
const CONFLICT_WAIT_MAX_MS: u64 = 16_000;

/// The largest answer that is read: a full page of 1,000 resources is about 1 MiB.
const BODY_MAX: usize = 16 << 20;

/// Shorter than the idle time-outs of common load balancers (5 s to 60 s, mostly 60 s), so that a
/// request seldom meets a connection that is just being closed.
const POOL_IDLE: Duration = Duration::from_secs(15);

impl Client {
    /// # Errors
    /// The TLS of this machine cannot be set up.
    pub fn new(
        endpoint: &Endpoint,
        timeouts: Timeouts,
        pace: Pace,
        clock: Arc<dyn Clock>,
        observer: Arc<dyn Observer>,
    ) -> Result<Client, Fault> {
        // A second installation is refused, and the first one is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut http = reqwest::Client::builder()
            // A redirect could turn a POST into a GET, or carry a token to another host.
            .redirect(reqwest::redirect::Policy::none())
            // Repeating is decided here, with the ledger in mind.
            .retry(reqwest::retry::never())
            .connect_timeout(Duration::from_millis(timeouts.connect_ms))
            .timeout(Duration::from_millis(timeouts.call_ms))
            .pool_idle_timeout(POOL_IDLE)
            .tcp_nodelay(true)
            .user_agent(concat!("trusthub-onboard/", env!("CARGO_PKG_VERSION")));
        http = match endpoint.is_loopback() {
            // No proxy for this machine, and no need of certificates, which a slim machine lacks.
            true if !endpoint.is_encrypted() => http.no_proxy().tls_certs_only([]),
            true => http.no_proxy(),
            false => {
                proxies_must_be_known()?;
                http.https_only(true)
            }
        };
        let http = http.build().map_err(|error| {
            Fault::new(
                format!("Secure connections cannot be set up ({})", root_cause(&error)),
                "Install the system's CA certificates (on Debian: the package ca-certificates), or name a file of \
                 them with SSL_CERT_FILE.",
            )
        })?;
        let breaker = Breaker::new(clock.clone(), observer.clone());
        Ok(Client {
            http,
            hosts: endpoint.hosts(),
            pace,
            breaker,
            clock,
            observer,
            was_reached: AtomicBool::new(false),
        })
    }

    /// Reads something, and repeats that for as long as it was surely not carried out. Where the API is away,
    /// that is waited for as by [`Client::turn`] until the given time; without one, a few tries are all. When
    /// `stop` is cancelled it ends at once, wherever it stands: a read leaves nothing behind.
    pub async fn read(
        &self,
        call: &Call,
        identity: &Identity,
        purpose: Option<Purpose<'_>>,
        until: Option<Time>,
        stop: &CancellationToken,
    ) -> Sent {
        let mut tries = Tries { are_all: until.is_none(), ..Tries::default() };
        let read = async {
            loop {
                let turn = match until {
                    Some(until) => match self.turn(call, identity, until, stop).await {
                        Ok(turn) => turn,
                        Err(obstacle) => return Sent::Unavailable(obstacle),
                    },
                    None => self.pace.turn(&identity.account).await,
                };
                match self.send_once(turn, call, identity, purpose, &mut tries).await {
                    Once::Over(sent) => return sent,
                    Once::Again { wait_ms } => self.clock.sleep(wait_ms).await,
                }
            }
        };
        stop.run_until_cancelled(read).await.unwrap_or(Sent::Unavailable(Obstacle::Stopped))
    }

    /// Waits until a request may go out, which may take minutes. Where the API is away, that is waited for
    /// too: some minutes, and at least until the given time.
    ///
    /// # Errors
    /// It must not go out any more: `stop` was cancelled, or the API has been away for too long.
    pub async fn turn<'a>(
        &'a self,
        call: &Call,
        identity: &'a Identity,
        until: Time,
        stop: &CancellationToken,
    ) -> Result<Turn<'a>, Obstacle> {
        let turn = async {
            loop {
                let pass = self.breaker.pass(call.host, call.method, until).await.map_err(Obstacle::Away)?;
                let turn = self.pace.turn(&identity.account).await;
                // The API may have gone while this one waited for its turn.
                if pass == Pass::Probe || !self.breaker.is_open(call.host) {
                    return Ok(turn);
                }
            }
        };
        // Asked first, because the turn may have come in the same moment.
        tokio::select! {
            biased;
            () = stop.cancelled() => Err(Obstacle::Stopped),
            turn = turn => turn,
        }
    }

    /// From now on the run does nothing but look at reviews.
    pub fn only_looks_are_left(&self) {
        self.breaker.let_one_be_enough();
    }

    /// Whether the API is away for everyone just now.
    pub fn is_away(&self) -> bool {
        self.breaker.is_any_open()
    }

    /// Sends a request once. Whoever has to write down when it went out waits for its turn and repeats it by
    /// itself.
    pub async fn send_once(
        &self,
        turn: Turn<'_>,
        call: &Call,
        identity: &Identity,
        purpose: Option<Purpose<'_>>,
        tries: &mut Tries,
    ) -> Once {
        tries.count += 1;
        let secrets = [identity.token.expose_secret()];
        let tried = self.try_once(call, identity, purpose, tries.count).await;
        self.note(call, purpose.map_or(&identity.account, |it| it.customer), &tried);
        let wait_ms = match tried {
            Tried::Answered(answer) => match classify(&answer) {
                Class::TooMany => {
                    let asked_for = answer.retry_after_s.map(|it| it.saturating_mul(1_000));
                    turn.heard(Heard::TooMany { pause_ms: asked_for });
                    if call.method == Method::Post && !is_the_apis_own(&answer) {
                        return Once::Over(sent(Class::Unknown, answer, &secrets));
                    }
                    let now = self.clock.now();
                    let since = *tries.refused_since.get_or_insert(now);
                    if now.saturating_sub(since) >= TOO_MANY_MAX_MS {
                        return Once::Over(Sent::Unavailable(Obstacle::TooMany));
                    }
                    let back_off = doubled(TOO_MANY_FIRST_WAIT_MS, tries.count, TOO_MANY_WAIT_MAX_MS);
                    let asked_for = asked_for.unwrap_or(0).min(RETRY_AFTER_MAX_MS);
                    spread(back_off, &identity.account, tries.count).max(asked_for)
                }
                Class::UpdateInProgress => {
                    turn.heard(Heard::Welcome);
                    tries.conflicts += 1;
                    if tries.conflicts == CONFLICTS_MAX {
                        return Once::Over(Sent::Unavailable(Obstacle::UpdateInProgress));
                    }
                    let back_off = doubled(CONFLICT_FIRST_WAIT_MS, tries.conflicts, CONFLICT_WAIT_MAX_MS);
                    let asked_for = answer.retry_after_s.unwrap_or(0).saturating_mul(1_000);
                    spread(back_off, &identity.account, tries.conflicts)
                        .max(asked_for.min(RETRY_AFTER_MAX_MS))
                }
                class => {
                    // A server in trouble says nothing about how fast it may be asked.
                    if class != Class::Unknown {
                        turn.heard(Heard::Welcome);
                    }
                    return Once::Over(sent(class, answer, &secrets));
                }
            },
            Tried::NeverSent(reason) => {
                return Once::Over(Sent::Unavailable(Obstacle::NoConnection(reason)));
            }
            // What keeps everyone away uses up nobody's tries.
            Tried::NotSent(_) if !tries.are_all && self.breaker.is_open(call.host) => 0,
            Tried::NotSent(reason) => {
                tries.connections += 1;
                if tries.connections == CONNECTIONS_MAX {
                    return Once::Over(Sent::Unavailable(Obstacle::NoConnection(reason)));
                }
                doubled(CONNECTION_FIRST_WAIT_MS, tries.connections, CONNECTION_WAIT_MAX_MS)
            }
            Tried::NoAnswer => return Once::Over(Sent::Unknown { heard: Answered::Nothing }),
        };
        Once::Again { wait_ms }
    }

    /// Tells the breaker how a request went. A 429 that is not the API's own says nothing about it.
    fn note(&self, call: &Call, customer: &Sid, tried: &Tried) {
        let (failure, reason) = match tried {
            Tried::NeverSent(_) => return,
            Tried::NotSent(reason) => (Failure::NoConnection, reason.clone()),
            Tried::NoAnswer => (Failure::NoAnswer, "no answer came".to_owned()),
            Tried::Answered(answer) => match classify(answer) {
                Class::TooMany if !is_the_apis_own(answer) => return,
                Class::Unknown => {
                    (Failure::NoAnswer, format!("HTTP {}, and not in the API's words", answer.status))
                }
                _ => return self.breaker.answered(call.host),
            },
        };
        self.breaker.failed(call.host, customer, failure, &reason);
    }

    async fn try_once(
        &self,
        call: &Call,
        identity: &Identity,
        purpose: Option<Purpose<'_>>,
        attempt: u32,
    ) -> Tried {
        let request = Request {
            account: &identity.account,
            customer: purpose.map(|it| it.customer),
            step: purpose.map(|it| it.step),
            method: call.method,
            path: &call.path,
            attempt,
        };
        self.observer.on(&Event::Sending(&request));
        let began = self.clock.now();
        let tried = self.exchange(call, identity).await;
        let (status, code, request_id) = match &tried {
            Tried::Answered(answer) if answer.status >= 400 => {
                (Some(answer.status), Refusal::read(answer).code, answer.request_id.clone())
            }
            Tried::Answered(answer) => (Some(answer.status), Code::None, answer.request_id.clone()),
            Tried::NotSent(_) | Tried::NeverSent(_) | Tried::NoAnswer => (None, Code::None, None),
        };
        let elapsed_ms = self.clock.now().saturating_sub(began);
        self.observer.on(&Event::Sent(&request, &Response { status, code, request_id, elapsed_ms }));
        tried
    }

    async fn exchange(&self, call: &Call, identity: &Identity) -> Tried {
        let url = format!("{}{}", self.hosts.base(call.host), call.path);
        let request = match call.method {
            Method::Get => self.http.get(url),
            Method::Post => self.http.post(url).form(&call.form),
            Method::Delete => self.http.delete(url),
        };
        let request = request
            .basic_auth(identity.account.as_str(), Some(identity.token.expose_secret()))
            .header("Accept", "application/json");
        let mut response = match request.send().await {
            Ok(response) => response,
            Err(error) if was_not_sent(&error) => {
                let lasting = obstacle::lasting(&error).filter(|_| !self.was_reached.load(Ordering::Relaxed));
                return match lasting {
                    Some(reason) => Tried::NeverSent(reason),
                    None => Tried::NotSent(root_cause(&error)),
                };
            }
            Err(_) => return Tried::NoAnswer,
        };
        self.was_reached.store(true, Ordering::Relaxed);
        let mut answer = Answer {
            status: response.status().as_u16(),
            request_id: header(response.headers(), "twilio-request-id").filter(|id| is_request_id(id)),
            retry_after_s: retry_after_s(response.headers(), self.clock.now()),
            ..Answer::default()
        };
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if answer.body.len() + chunk.len() <= BODY_MAX => answer.body.extend(chunk),
                Ok(None) => break,
                Ok(Some(_)) | Err(_) => {
                    answer.whole = Whole::No;
                    break;
                }
            }
        }
        Tried::Answered(answer)
    }
}

/// The rest of a list. Of a `next_page` address only the query is followed, on the host and the path of the
/// call, so that no answer can send a token elsewhere. `None`: it is the address of something else.
pub fn next_page(call: &Call, address: &str) -> Option<Call> {
    let (place, query) = address.split_once('?')?;
    let own = call.path.split('?').next()?;
    // A server behind a base URL with a path of its own puts that in front.
    place.ends_with(own).then(|| Call::get(call.host, format!("{own}?{query}")))
}

enum Tried {
    Answered(Answer),
    /// Surely not carried out.
    NotSent(String),
    /// Neither this time nor ever.
    NeverSent(String),
    /// Perhaps carried out.
    NoAnswer,
}

fn sent(class: Class, answer: Answer, secrets: &[&str]) -> Sent {
    let refusal = || Refusal::read(&answer).without(secrets);
    match class {
        Class::Done => Sent::Done(answer),
        Class::Unknown if says_that_it_is_over(&answer) => {
            Sent::Unknown { heard: Answered::Failed { status: answer.status } }
        }
        Class::Unknown => Sent::Unknown { heard: Answered::Gateway { status: answer.status } },
        Class::Unauthorized => Sent::Unauthorized(refusal()),
        Class::NotFound => Sent::NotFound(refusal()),
        Class::Conflict => Sent::Conflict(refusal()),
        Class::Redirected => Sent::Redirected(refusal()),
        Class::Refused | Class::TooMany | Class::UpdateInProgress => Sent::Refused(refusal()),
    }
}

/// A request that was read whole and closed without an answer is `is_incomplete_message`, and may
/// have been carried out; only these two cases were surely not.
fn was_not_sent(error: &reqwest::Error) -> bool {
    if error.is_connect() || error.is_builder() {
        return true;
    }
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_canceled) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// The innermost reason, which is the one that helps; the outer ones repeat the address.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// `Retry-After` in seconds from now: it is given so, or as a date in one of the three forms that HTTP knows
/// [RFC 9110, 10.2.3]. A date is by the server's clock, which the answer tells too.
fn retry_after_s(headers: &HeaderMap, now: Time) -> Option<u64> {
    let text = header(headers, RETRY_AFTER.as_str())?;
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let date = |text: &str| httpdate::parse_http_date(text).ok();
    let then = date(text)?;
    let now = header(headers, DATE.as_str())
        .and_then(|text| date(text.trim()))
        .unwrap_or_else(|| UNIX_EPOCH + Duration::from_millis(now));
    let wait = then.duration_since(now).unwrap_or_default();
    Some(wait.as_millis().div_ceil(1_000) as u64)
}

/// A proxy that is named by the environment and cannot be used would be passed by without a word.
fn proxies_must_be_known() -> Result<(), Fault> {
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let Some(value) = std::env::var(variable).ok().filter(|it| !it.is_empty()) else { continue };
        let address = if value.contains("://") { value } else { format!("http://{value}") };
        let address = url::Url::parse(&address).ok().filter(url::Url::has_host);
        if !address.is_some_and(|it| PROXY_SCHEMES.contains(&it.scheme())) {
            // The value may hold a password.
            return Err(Fault::new(
                format!("{variable} names a proxy that cannot be used"),
                format!(
                    "Nothing was sent. Write it as SCHEME://HOST:PORT with one of {}.",
                    PROXY_SCHEMES.join(", ")
                ),
            ));
        }
    }
    Ok(())
}

const PROXY_SCHEMES: [&str; 6] = ["http", "https", "socks5", "socks5h", "socks4", "socks4a"];

/// What goes into the ledger must be what it says it is.
fn is_request_id(id: &str) -> bool {
    id.len() == 34 && id.starts_with("RQ") && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn doubled(first_ms: u64, attempt: u32, most_ms: u64) -> u64 {
    first_ms.saturating_mul(1 << attempt.saturating_sub(1).min(20)).min(most_ms)
}

/// Between half and the whole of a wait: customers that were refused together do not come back
/// together. The spread follows from account and attempt, so that a run can be repeated exactly.
fn spread(wait_ms: u64, account: &Sid, attempt: u32) -> u64 {
    let sum: u64 = account.as_str().bytes().map(u64::from).sum::<u64>() * 31 + u64::from(attempt) * 17;
    wait_ms / 2 + (wait_ms / 2) * (sum % 101) / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_their_bound_and_spread_within_it() {
        let account = Sid::parse("AC0123456789abcdef0123456789abcdef").unwrap();
        let waits: Vec<u64> = (1..=9).map(|it| doubled(500, it, 30_000)).collect();
        assert_eq!(waits, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
        for (attempt, wait) in (1..).zip(waits) {
            assert!((wait / 2..=wait).contains(&spread(wait, &account, attempt)));
        }
    }

    #[test]
    fn a_time_to_wait_is_understood_in_seconds_and_in_every_form_of_a_date() {
        // 1994-11-06T08:49:37Z, less half a minute.
        let now = 784_111_777_000 - 30_000;
        let wait = |value: &str, date: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, value.parse().unwrap());
            headers.extend(date.map(|it| (DATE, it.parse().unwrap())));
            retry_after_s(&headers, now)
        };
        for date in
            ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
        {
            assert_eq!(wait(date, None), Some(30), "{date}");
            // By the server's clock, which need not be ours.
            assert_eq!(wait(date, Some("Sun, 06 Nov 1994 08:49:27 GMT")), Some(10), "{date}");
            assert_eq!(wait(date, Some("Mon, 07 Nov 1994 08:49:27 GMT")), Some(0), "a time that is over");
        }
        assert_eq!((wait("7", None), wait(" 7 ", None), wait("soon", None)), (Some(7), Some(7), None));
    }

    #[test]
    fn a_request_id_that_is_none_is_not_kept() {
        assert!(is_request_id("RQ0123456789abcdef0123456789abcdef"));
        assert!(!is_request_id("Jane Doe, +1 415 555 0123, jane@x"));
    }
}
