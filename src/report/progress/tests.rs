use super::state::{Shown, State};
use super::*;
use crate::clock::TokioClock;
use crate::events::{Request, Response};
use crate::facts::{Code, Outcome};
use crate::flow::Method;
use crate::model::Sid;

fn account(number: u64) -> Sid {
    Sid::parse(&format!("AC{number:032x}")).expect("a SID")
}

/// A call for a customer that was answered with this status.
fn call(of: &mut dyn FnMut(&Event<'_>), customer: &Sid, status: u16) {
    let request = Request {
        account: customer,
        customer: Some(customer),
        step: None,
        method: Method::Post,
        path: "/v1/EndUsers",
        attempt: 1,
    };
    let response = Response { status: Some(status), code: Code::None, request_id: None, elapsed_ms: 50 };
    of(&Event::Sent(&request, &response));
}

/// A customer begins and ends so.
fn ends(of: &mut dyn FnMut(&Event<'_>), row: u64, outcome: Outcome) {
    let subaccount = account(row);
    of(&Event::CustomerBegins { row, subaccount: &subaccount });
    of(&Event::CustomerEnds { row, subaccount: &subaccount, outcome, failed_step: None });
}

/// A run of these customers, eight at once and twenty calls a second, looked at four times a second: what was shown, and
/// how many milliseconds it took. The first call is answered after two seconds, and later none for two.
fn run_through(customers: u64, calls_of_each: u64) -> (Vec<(u64, Shown)>, u64) {
    let mut state = State::new(0, customers, customers * calls_of_each);
    let mut places: Vec<(u64, u64)> = vec![];
    let (mut begun, mut now, mut turn, mut seen) = (0, 0, 0, vec![]);
    loop {
        while places.len() < 8 && begun < customers {
            begun += 1;
            places.push((begun, 0));
            state.on(&Event::CustomerBegins { row: begun, subaccount: &account(begun) }, now);
        }
        if places.is_empty() {
            return (seen, now);
        }
        now += 50;
        if now > 2_000 && !(8_000..10_000).contains(&now) {
            turn = (turn + 1) % places.len();
            let (row, calls) = &mut places[turn];
            *calls += 1;
            let (row, is_over) = (*row, *calls == calls_of_each);
            call(&mut |event| state.on(event, now), &account(row), 201);
            if is_over {
                places.remove(turn);
                let (subaccount, outcome) = (account(row), Outcome::AwaitingProfileApproval);
                let event = Event::CustomerEnds { row, subaccount: &subaccount, outcome, failed_step: None };
                state.on(&event, now);
            }
        }
        if now % 250 == 0 {
            seen.push((now, state.shown(now)));
        }
    }
}

#[test]
fn the_time_left_is_not_said_at_the_start_falls_from_there_and_is_never_nothing() {
    for (customers, calls) in [(20, 33), (200, 25)] {
        let (seen, took_ms) = run_through(customers, calls);
        let left: Vec<(u64, u64)> =
            seen.iter().filter_map(|(now, shown)| Some((*now, shown.seconds_left?))).collect();
        let first = left.first().expect("an estimate");
        assert!(first.0 >= 3_000, "{customers}: it is said after {} ms", first.0);
        assert!(left.len() as u64 * 250 + 5_000 > took_ms, "{customers}: from there on there is one");
        assert!(left.iter().all(|it| it.1 > 0), "{customers}: {left:?}");
        assert!(left.windows(2).all(|two| two[1].1 <= two[0].1), "{customers}: it falls: {left:?}");
        let half = left[left.len() / 2];
        let (said, is) = (half.1 * 1_000, took_ms - half.0);
        assert!(
            said.abs_diff(is) < is / 4 + 2_000,
            "{customers}: half way {said} ms are said, it is {is} ms"
        );
    }
}

#[test]
fn done_is_only_who_is_done() {
    let mut state = State::new(0, 20, 0);
    for (row, outcome) in (2..).zip([
        Outcome::Approved,
        Outcome::Drafted,
        Outcome::Refused,
        Outcome::Rejected,
        Outcome::Unsure,
        Outcome::Submitted,
        Outcome::AwaitingProfileApproval,
        Outcome::Unfinished,
    ]) {
        ends(&mut |event| state.on(event, 10), row, outcome);
    }
    let shown = state.shown(20);
    assert_eq!((shown.customers, shown.done, shown.in_review), (20, 5, 2));
    // A later look changes how a customer stands, and counts nobody twice.
    ends(&mut |event| state.on(event, 30), 8, Outcome::Approved);
    let shown = state.shown(40);
    assert_eq!((shown.done, shown.in_review), (6, 1));
    assert!(line(&shown, "20", 200, true).contains("6 of 20 customers done · 1 in review"));
}

#[test]
fn who_waits_for_a_lost_reply_is_said_to_wait_for_as_long_as_that_lasts() {
    let mut state = State::new(0, 3, 60);
    for row in [2, 3] {
        state.on(&Event::CustomerBegins { row, subaccount: &account(row) }, 0);
    }
    state.on(&Event::CustomerWaits { subaccount: &account(2), until: 12_000 }, 2_000);
    let shown = state.shown(2_000);
    assert_eq!(shown.waiting, Some((1, 10)));
    assert!(line(&shown, "20", 200, true).contains("1 waits for a lost reply to be certain, 10 s more"));
    assert!(line(&shown, "20", 20, true).contains("1 waits 10 s"), "{}", line(&shown, "20", 20, true));
    assert_eq!(state.shown(12_000).waiting, None);
}

#[test]
fn the_pause_between_two_looks_and_an_api_that_is_away_have_no_rate_and_no_end() {
    let mut state = State::new(0, 2, 40);
    let subaccount = account(2);
    state.on(&Event::CustomerBegins { row: 2, subaccount: &subaccount }, 0);
    for at in 1..=10 {
        call(&mut |event| state.on(event, at * 500), &subaccount, 201);
    }
    assert!(state.shown(5_000).seconds_left.is_some());
    state.on(&Event::ApiIsAway { reason: "refused" }, 5_000);
    let shown = state.shown(6_000);
    assert_eq!((shown.calls_per_second, shown.seconds_left, shown.is_away), (None, None, true));
    state.on(&Event::ApiIsBack { away_ms: 60_000 }, 65_000);
    assert_eq!(state.shown(66_000).calls_per_second, None, "the time away is not counted");
    state.on(&Event::Polls { waiting: 1, wait_ms: 60_000 }, 70_000);
    let shown = state.shown(80_000);
    assert_eq!((shown.looks_again_in, shown.seconds_left), (Some(50), None));
    assert!(line(&shown, "20", 200, true).contains("looks again in 50 s"));
}

#[test]
fn the_line_fits_into_any_width_and_says_the_most_important_first() {
    let most = Shown {
        customers: 100_000,
        done: 12_345,
        in_review: 50_000,
        waiting: Some((800, 70)),
        calls_per_second: Some(120),
        too_many: 1.25,
        seconds_left: Some(90_061),
        looks_again_in: Some(59),
        is_away: true,
    };
    let few = Shown { customers: 20, done: 7, ..Shown::default() };
    let unknown = Shown { done: 7, ..Shown::default() };
    for shown in [&most, &few, &unknown] {
        for width in 0..=250 {
            for has_bar in [true, false] {
                let line = line(shown, "unlimited", width, has_bar);
                assert!(line.chars().count() <= width, "{width}: {line}");
                assert!(width < 12 || line.contains(&shown.done.to_string()), "{width}: {line}");
            }
        }
    }
    assert_eq!(line(&few, "20", 20, true), "7/20 done");
    assert_eq!(line(&few, "20", 120, true), "[#####-----------] 7 of 20 customers done");
    assert_eq!(line(&most, "20", 20, true), "12345/100000 · 120/s");
    assert_eq!(line(&most, "20", 12, true), "12345/100000");
    assert_eq!(line(&most, "20", 30, true), "12345/100000 done · API away");
    let left = Shown { seconds_left: Some(125), calls_per_second: Some(20), ..few };
    assert_eq!(line(&left, "20", 30, true), "7/20 · 2 min 5 s left · 20/s");
}

/// Keeps what is shown.
struct Kept {
    width: Option<usize>,
    drawn: Mutex<Vec<String>>,
    said: Mutex<Vec<String>>,
}

impl Screen for Arc<Kept> {
    fn width(&self) -> Option<usize> {
        self.width
    }

    fn draw(&self, line: &str) {
        self.drawn.lock().expect("nobody died").push(line.to_owned());
    }

    fn say(&self, line: &str) {
        self.said.lock().expect("nobody died").push(line.to_owned());
    }

    fn clear(&self) {}
}

/// A run of 95 seconds in which one of two customers ends after 40: what was drawn, and what was said.
async fn ninety_five_seconds(width: Option<usize>, detail: Detail) -> (Vec<String>, Vec<String>) {
    let kept = Arc::new(Kept { width, drawn: Mutex::default(), said: Mutex::default() });
    let clock = Arc::new(TokioClock::start());
    let screen = Box::new(kept.clone());
    let progress = Progress::on_screen(screen, 2, 0, "20".to_owned(), detail, clock.clone());
    let happens = async {
        clock.sleep(40_000).await;
        ends(&mut |event| progress.on(event), 2, Outcome::Approved);
        call(&mut |event| progress.on(event), &account(3), 429);
        clock.sleep(55_000).await;
    };
    tokio::select! {
        () = happens => (),
        never = progress.keep_showing() => match never {},
    }
    let taken = |of: &Mutex<Vec<String>>| std::mem::take(&mut *of.lock().expect("nobody died"));
    (taken(&kept.drawn), taken(&kept.said))
}

#[tokio::test(start_paused = true)]
async fn where_there_is_no_terminal_a_line_is_printed_every_thirty_seconds() {
    let (drawn, said) = ninety_five_seconds(None, Detail::Progress).await;
    assert_eq!(drawn, [""; 0]);
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(said[0].starts_with("0 of 2 customers done") && said[1].starts_with("1 of 2"), "{said:?}");
    let (drawn, said) = ninety_five_seconds(None, Detail::Nothing).await;
    assert_eq!((drawn.len(), said.len()), (0, 0), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn at_a_terminal_the_line_is_drawn_anew_and_nothing_is_printed() {
    let (drawn, said) = ninety_five_seconds(Some(40), Detail::Progress).await;
    assert_eq!(said, [""; 0]);
    assert!(drawn.len() >= 300 && drawn.iter().all(|it| it.chars().count() <= 40), "{}", drawn.len());
    assert!(drawn.first().is_some_and(|it| it.contains("0 of 2")));
    assert!(drawn.last().is_some_and(|it| it.contains("1/2 done")), "{:?}", drawn.last());
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_for_more_is_told_of_each_customer_and_of_each_call() {
    let of_customers = format!("row 2, {}: approved", account(2));
    let of_calls = "POST /v1/EndUsers: 429 after 50 ms".to_owned();
    let (_, said) = ninety_five_seconds(Some(80), Detail::Customers).await;
    assert_eq!(said.join("\n"), of_customers);
    let (_, said) = ninety_five_seconds(Some(80), Detail::Calls).await;
    assert_eq!(said, [of_customers, of_calls]);
}
