//! One request and its answer.

use super::answer::{Answered, Obstacle, Received, Sent};
use super::breaker::{Breaker, Failure, Pass};
use super::hosts::{Endpoint, Hosts};
use super::obstacle;
use super::pace::{Heard, Pace, Turn};
use super::tries::Tries;
use crate::clock::Clock;
use crate::events::{Event, Observer, Request, Response};
use crate::facts::{Code, Time};
use crate::flow::{Call, Method, StepId};
use crate::model::{Fault, Sid};
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
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

/// What became of one try.
#[derive(Debug)]
pub enum Once<T> {
    Over(Sent<T>),
    /// It was surely not carried out; it may be sent again after this wait.
    Again {
        wait_ms: u64,
    },
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

/// The largest answer that is read: a full page of 1,000 resources is about 1 MiB.
const BODY_MAX: usize = 16 << 20;

/// Shorter than the idle time-outs of common load balancers (5 s to 60 s, mostly 60 s), so that a
/// request seldom meets a connection that is just being closed.
const POOL_IDLE: Duration = Duration::from_secs(15);

impl Client {
    /// # Errors
    /// The TLS of this machine cannot be set up, or there is no such host.
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
            hosts: endpoint.hosts()?,
            pace,
            breaker,
            clock,
            observer,
            was_reached: AtomicBool::new(false),
        })
    }

    /// Waits until a request may go out, which may take minutes. Where the API is away, that is waited for
    /// too: some minutes, and at least until the given time. Without a time, it is not.
    ///
    /// # Errors
    /// It must not go out any more: `stop` was cancelled, or the API has been away for too long.
    pub async fn turn<'a>(
        &'a self,
        call: &Call,
        identity: &'a Identity,
        until: Option<Time>,
        stop: &CancellationToken,
    ) -> Result<Turn<'a>, Obstacle> {
        let turn = async {
            let Some(until) = until else { return Ok(self.pace.turn(&identity.account).await) };
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

    /// Sends a request once.
    pub async fn send_once<T: DeserializeOwned>(
        &self,
        turn: Turn<'_>,
        call: &Call,
        identity: &Identity,
        purpose: Option<Purpose<'_>>,
        tries: &mut Tries,
    ) -> Once<T> {
        let attempt = tries.begin();
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
        let received = self.exchange(call, identity).await;
        let elapsed_ms = self.clock.now().saturating_sub(began);
        let (sent, code) = match &received {
            Ok(received) => received.read(call.method, &[identity.token.expose_secret()]),
            Err(obstacle) => match obstacle.clone() {
                Some(obstacle) => (Sent::Unavailable(obstacle), Code::None),
                None => (Sent::Unknown { heard: Answered::Nothing }, Code::None),
            },
        };
        let received = received.ok();
        let response = Response {
            status: received.as_ref().map(|it| it.status),
            code,
            request_id: received.as_ref().and_then(|it| it.request_id.clone()),
            elapsed_ms,
        };
        self.observer.on(&Event::Sent(&request, &response));
        let pause_ms = received.and_then(|it| it.retry_after_s).map(|it| it.saturating_mul(1_000));
        match &sent {
            _ if response.status == Some(429) => turn.heard(Heard::TooMany { pause_ms }),
            // A server in trouble says nothing about how fast it may be asked.
            Sent::Unknown { .. } | Sent::Unavailable(Obstacle::NoConnection { .. }) => (),
            _ => turn.heard(Heard::Welcome),
        }
        // A 429 that is not the API's own says nothing about it.
        if response.status != Some(429) || code != Code::None {
            self.note(call, purpose.map_or(&identity.account, |it| it.customer), &sent);
        }
        let Sent::Unavailable(obstacle) = &sent else { return Once::Over(sent) };
        // What keeps everyone away uses up nobody's tries.
        let all_wait = self.breaker.is_open(call.host);
        match tries.wait_ms(obstacle, pause_ms, &identity.account, self.clock.now(), all_wait) {
            Some(wait_ms) => Once::Again { wait_ms },
            None => Once::Over(sent),
        }
    }

    /// Tells the breaker how a request went.
    fn note<T>(&self, call: &Call, customer: &Sid, sent: &Sent<T>) {
        let (failure, reason) = match sent {
            Sent::Unavailable(Obstacle::NoConnection { lasting: true, .. }) => return,
            Sent::Unavailable(Obstacle::NoConnection { reason, .. }) => {
                (Failure::NoConnection, reason.clone())
            }
            Sent::Unknown { heard: Answered::Nothing } => (Failure::NoAnswer, "no answer came".to_owned()),
            Sent::Unknown { heard: Answered::Failed { status } | Answered::Gateway { status } } => {
                (Failure::NoAnswer, format!("HTTP {status}, and not in the API's words"))
            }
            _ => return self.breaker.answered(call.host),
        };
        self.breaker.failed(call.host, customer, failure, &reason);
    }

    /// # Errors
    /// There is no answer: what kept the request back, or nothing where it may have been carried out.
    async fn exchange(&self, call: &Call, identity: &Identity) -> Result<Received, Option<Obstacle>> {
        let url = self.hosts.address(call.host, &call.path);
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
                return Err(Some(match lasting {
                    Some(reason) => Obstacle::NoConnection { reason, lasting: true },
                    None => Obstacle::NoConnection { reason: root_cause(&error), lasting: false },
                }));
            }
            Err(_) => return Err(None),
        };
        self.was_reached.store(true, Ordering::Relaxed);
        let mut received = Received {
            status: response.status().as_u16(),
            request_id: header(response.headers(), "twilio-request-id").filter(|id| is_request_id(id)),
            retry_after_s: retry_after_s(response.headers(), self.clock.now()),
            ..Received::default()
        };
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if received.body.len() + chunk.len() <= BODY_MAX => {
                    received.body.extend(chunk)
                }
                Ok(None) => break,
                Ok(Some(_)) | Err(_) => {
                    received.is_torn = true;
                    break;
                }
            }
        }
        Ok(received)
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

#[cfg(test)]
mod tests {
    use super::*;

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
