//! Log lines: all that an event and its span say is one line of JSON that says the same. Twenty-five bytes are numbers and a
//! truth; what follows is text.

use std::sync::{Arc, Mutex, PoisonError};

use keyward::log::layer::JsonLines;
use keyward::log::sink::Sink;
use serde_json::{Value, json};
use tracing::field::Empty;
use tracing_subscriber::layer::SubscriberExt;

use crate::Fate;

/// Keeps the lines.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<String>>);

impl Sink for Kept {
    fn append(&self, line: &str, _: bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_str(line);
    }
}

/// A line of any values, read by `serde_json`, has these values.
pub fn check(input: &[u8]) -> Fate {
    let Some((&number, rest)) = input.split_first_chunk::<8>() else { return Fate::Refused };
    let Some((&real, rest)) = rest.split_first_chunk::<8>() else { return Fate::Refused };
    let Some((&[flag], text)) = rest.split_first_chunk::<1>() else { return Fate::Refused };
    let (whole, natural) = (i64::from_le_bytes(number), u64::from_le_bytes(number));
    let (real, truth) = (f64::from_le_bytes(real), flag % 2 == 1);
    let text = &*String::from_utf8_lossy(text);

    let kept = Kept::default();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(JsonLines(kept.clone())), || {
        let span = tracing::info_span!("request", id = text, later = Empty, count = natural);
        span.record("later", whole);
        // A second record replaces the first.
        span.record("later", text);
        let _entered = span.enter();
        tracing::info!(said = text, shown = %text, meant = ?text, whole, natural, real, truth, "{text}");
    });
    let lines = kept.0.lock().unwrap_or_else(PoisonError::into_inner);
    let line = lines.strip_suffix('\n').expect("a line ends");
    assert!(!line.contains('\n'), "one event is one line: {line}");
    // What JSON has no number for is null. The digits are compared: reading them may round the last one.
    let written = serde_json::to_string(&real).expect("a number, or null");
    assert!(line.contains(&format!(",\"real\":{written},")), "{written}: {line}");
    let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let wanted = json!({
        "timestamp": line["timestamp"], "level": "INFO", "message": text, "said": text, "shown": text,
        "meant": format!("{text:?}"), "whole": whole, "natural": natural, "real": line["real"], "truth": truth,
        "target": module_path!(), "span": { "id": text, "later": text, "count": natural, "name": "request" },
    });
    assert_eq!(line, wanted);
    Fate::Accepted
}
