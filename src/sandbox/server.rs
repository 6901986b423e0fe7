//! From a request on the wire to an answer on the wire, with whatever goes wrong in between.
#![expect(clippy::disallowed_methods, reason = "the sandbox imports nothing of ours, our clock included")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::Response;

use super::Inner;
use super::answers::{Answer, Refused};
use super::call::{Call, Method, Parameters, basic_credentials};
use super::faults::{self, Fate, Fault};
use super::journal::Unkept;
use super::late;
use super::routes::{self, Ctx};
use super::sid::Sid;
use super::wire::Line;
use super::world::World;

/// Larger bodies are cut off; the largest real one is some kilobytes.
const BODY_BYTES_MAX: usize = 1 << 20;

/// Answers one request.
pub async fn answer(
    State(inner): State<Arc<Inner>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response {
    let begun = Instant::now();
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_BYTES_MAX).await else { return hang_up(&line) };
    if inner.refusal.rest().is_some() {
        return hang_up(&line);
    }
    let request_id = inner.next_request_id();
    let call = read(&parts, &body);
    let account = call.credentials.as_ref().and_then(|(user, _)| Sid::parse(user));
    let fate = inner.faults().enter(call.method, &call.path, account, inner.now_ms());
    let (concurrent, is_delayed) = (fate.concurrent, fate.delays());
    let visit = Visit { inner, line: line.clone(), call, account, fate };
    // A request that has been read is carried out even if its client does not wait for the answer.
    let response = match is_delayed {
        true => tokio::spawn(visit.run()).await.unwrap_or_default(),
        false => visit.run().await,
    };
    let Some(mut response) = response else { return hang_up(&line) };
    let headers = response.headers_mut();
    let mut put = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    put("twilio-request-id", &request_id);
    put("twilio-concurrent-requests", &concurrent.to_string());
    put("twilio-request-duration", &format!("{:.3}", begun.elapsed().as_secs_f64()));
    response
}

/// A request on its way through its fate. It counts as in flight for as long as it lives.
struct Visit {
    inner: Arc<Inner>,
    line: Line,
    call: Call,
    account: Option<Sid>,
    fate: Fate,
}

impl Visit {
    /// `None`: the connection closes without an answer.
    async fn run(self) -> Option<Response> {
        let response = self.live().await;
        self.inner.log(
            &self.call,
            self.account,
            response.as_ref().map(|response| response.status().as_u16()),
        );
        response
    }

    async fn live(&self) -> Option<Response> {
        let (inner, fate) = (&self.inner, &self.fate);
        wait(fate.latency_ms / 2).await;
        if let Some(retry_after) = fate.throttled {
            return Some(throttled(retry_after));
        }
        match &fate.fault {
            Some(Fault::DropRequest) => return None,
            Some(Fault::FailBefore(status)) => return Some(send(faults::failure(*status))),
            Some(Fault::ConflictingUpdate(status)) => return Some(send(faults::conflicting_update(*status))),
            Some(Fault::Html(status)) if *status >= 300 => return Some(html(*status)),
            Some(Fault::Throttle(retry_after)) => return Some(throttled(*retry_after)),
            Some(Fault::RefuseConnections(ms)) => {
                inner.refusal.begin(*ms);
                return None;
            }
            Some(Fault::RotateToken) => inner.rotate(self.account),
            Some(Fault::Suspend) => inner.suspend(self.account),
            Some(Fault::DelayRequest(ms)) => wait(*ms).await,
            _ => {}
        }
        if let Some(Fault::LoseReplyApplyLate(ms)) = fate.fault {
            late::put_off(inner, &self.call, ms);
            return None;
        }
        let mut answer = {
            let mut world = inner.world();
            late::carry_out(inner, &mut world);
            match fate.fault {
                Some(Fault::ApplyLate(ms)) => late::answer_first(inner, &mut world, &self.call, fate, ms),
                _ => carry_out(inner, &mut world, &self.call, fate, inner.now_ms()),
            }
        };
        if let Some(journal) = &inner.journal {
            match journal.write(&inner.world) {
                Ok(()) => {}
                Err(Unkept::Stopped) => return None,
                Err(Unkept::Broken(problem)) => answer = Refused::new(500, 20500, problem).into_answer(),
            }
        }
        wait(fate.latency_ms - fate.latency_ms / 2).await;
        self.spoil(answer).await
    }

    /// What becomes of an answer on its way out.
    async fn spoil(&self, mut answer: Answer) -> Option<Response> {
        let length = answer.body.len();
        match &self.fate.fault {
            Some(Fault::LoseReply) => return None,
            Some(Fault::FailAfter(status)) => return Some(send(faults::failure(*status))),
            Some(Fault::Html(status) | Fault::HtmlAfter(status)) => return Some(html(*status)),
            Some(Fault::DelayAnswer(ms)) => wait(*ms).await,
            Some(Fault::TearBody) => self.line.cut_body_after(length as u64 / 2),
            Some(Fault::TearHeaders) => self.line.cut_after(40),
            Some(Fault::CutJson) => answer.body.truncate(length / 2),
            Some(Fault::EmptyBody) => answer.body.clear(),
            Some(Fault::NullAccount) => answer.body = faults::with_account(&answer.body, Some("null")),
            Some(Fault::NoAccount) => answer.body = faults::with_account(&answer.body, None),
            Some(Fault::OtherAccount(sid)) => {
                answer.body = faults::with_account(&answer.body, Some(&format!("\"{sid}\"")));
            }
            _ => {}
        }
        let mut response = send(answer);
        if self.fate.fault == Some(Fault::CloseConnection) {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        Some(response)
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.inner.faults().leave(self.account);
    }
}

/// Carries a request out in the world. Nothing here waits.
pub fn carry_out(inner: &Inner, world: &mut World, call: &Call, fate: &Fate, now_ms: u64) -> Answer {
    let mut ctx = Ctx {
        world,
        call,
        now_ms,
        review_ms: inner.settings.review_ms,
        rules: &inner.settings.undocumented,
        lag: &fate.lag,
        accounts_on_demand: inner.settings.accounts_on_demand,
        submissions_are_ignored: fate.fault == Some(Fault::IgnoreSubmission),
        hide_ms: if let Some(Fault::Hide(ms)) = fate.fault { ms } else { 0 },
    };
    routes::authenticate(&mut ctx)
        .and_then(|account| {
            must_be_form(call)?;
            routes::route(&mut ctx, account)
        })
        .unwrap_or_else(|refused| {
            refused.with_invalid_status(ctx.rules.invalid_parameter_http_status).into_answer()
        })
}

/// A JSON body would be read as no parameters at all, which on an update does nothing and says 200. A body of
/// no content type is outside the API description.
fn must_be_form(call: &Call) -> Result<(), Refused> {
    let media_type = call.content_type.as_deref().and_then(|text| text.split(';').next()).unwrap_or_default();
    let is_form = media_type.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded");
    match call.method == Method::Post && !is_form {
        true => Err(Refused::new(400, 20001, "The post body must be application/x-www-form-urlencoded")),
        false => Ok(()),
    }
}

fn read(parts: &Parts, body: &[u8]) -> Call {
    let text = |name: header::HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
    Call {
        method: Method::parse(parts.method.as_str()),
        path: parts.uri.path().to_owned(),
        query: Parameters::parse(parts.uri.query().unwrap_or_default().as_bytes()),
        form: Parameters::parse(body),
        content_type: text(header::CONTENT_TYPE).map(str::to_owned),
        credentials: text(header::AUTHORIZATION).and_then(basic_credentials),
        base_url: format!("http://{}", text(header::HOST).unwrap_or("127.0.0.1")),
    }
}

fn send(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = axum::http::StatusCode::from_u16(answer.status)
        .unwrap_or(axum::http::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if answer.status != 204 {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if answer.status == 401 {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"Twilio API\""));
    }
    response
}

fn throttled(retry_after_s: Option<u64>) -> Response {
    let mut response = send(faults::failure(429));
    if let Some(seconds) = retry_after_s {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn html(status: u16) -> Response {
    let mut response = send(Answer { status, body: faults::HTML.to_vec() });
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}

/// Closes the connection; the response never gets out.
fn hang_up(line: &Line) -> Response {
    line.cut_after(0);
    Response::new(Body::empty())
}

async fn wait(ms: u64) {
    if ms > 0 {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
}
