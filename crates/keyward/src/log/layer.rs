//! The layer that turns events into lines: `timestamp`, `level`, the event's fields, `target`, and `span` with the fields of
//! the span around it.

use std::cell::Cell;

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::escape::string;
use super::fields::{Members, SpanFields};
use super::sink::Sink;
use super::timestamp;

/// Writes events as JSON lines.
pub struct JsonLines<S>(pub S);

thread_local! {
    static LINE: Cell<String> = const { Cell::new(String::new()) };
}

/// A line longer than this does not keep its memory.
const KEPT: usize = 16 * 1024;

impl<S: Subscriber + for<'a> LookupSpan<'a>, W: Sink> Layer<S> for JsonLines<W> {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = SpanFields::with_room();
            fields.take(|visitor| attributes.record(visitor));
            span.extensions_mut().replace(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<SpanFields>()
        {
            fields.take(|visitor| values.record(visitor));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        // Taken, not borrowed: the `Debug` of a field may log something itself.
        let mut line = LINE.take();
        line.clear();
        self.write(&mut line, event, &context);
        line.shrink_to(KEPT);
        LINE.set(line);
    }
}

impl<W: Sink> JsonLines<W> {
    fn write<S>(&self, line: &mut String, event: &Event<'_>, context: &Context<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let metadata = event.metadata();
        line.push_str("{\"timestamp\":\"");
        timestamp::now(line);
        line.push_str("\",\"level\":\"");
        line.push_str(metadata.level().as_str());
        line.push('"');
        event.record(&mut Members(line));
        line.push_str(",\"target\":");
        string(line, metadata.target());
        if let Some(span) = context.event_span(event) {
            match span.extensions().get::<SpanFields>() {
                Some(fields) => fields.write(line, span.name()),
                None => SpanFields::default().write(line, span.name()),
            }
        }
        line.push_str("}\n");
        self.0.append(line, *metadata.level() <= Level::WARN);
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;
    use std::sync::{Arc, Mutex};

    use proptest::prelude::*;
    use serde_json::{Value, json};
    use tracing::field::Empty;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<String>>);

    impl Sink for Lines {
        fn append(&self, line: &str, _: bool) {
            self.0.lock().unwrap().push_str(line);
        }
    }

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.append(std::str::from_utf8(bytes).unwrap(), false);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// The lines of `work`, by this layer and by `tracing-subscriber`'s own JSON format.
    fn both(work: impl Fn()) -> [Vec<Value>; 2] {
        let (ours, theirs) = (Lines::default(), Lines::default());
        tracing::subscriber::with_default(
            tracing_subscriber::registry().with(JsonLines(ours.clone())),
            &work,
        );
        let writer = theirs.clone();
        let format =
            tracing_subscriber::fmt().with_writer(move || writer.clone()).with_max_level(Level::TRACE);
        let format = format.json().flatten_event(true).with_span_list(false).finish();
        tracing::subscriber::with_default(format, &work);
        [ours, theirs].map(|lines| {
            let text = lines.0.lock().unwrap().clone();
            text.lines()
                .map(|line| {
                    let mut line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
                    let time = line.as_object_mut().unwrap().remove("timestamp").unwrap();
                    assert_eq!(time.as_str().unwrap().len(), "2026-11-29T16:02:33.031065Z".len());
                    line
                })
                .collect()
        })
    }

    struct Quoted;

    impl fmt::Debug for Quoted {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a \"quoted\"\n\u{2028}\u{1}thing")
        }
    }

    #[test]
    fn a_line_has_the_keys_and_values_that_it_always_had() {
        let work = || {
            let span =
                tracing::info_span!("request", id = "1-2", user = Empty, session = Empty, odd = ?Quoted);
            span.in_scope(|| {
                tracing::info!(method = %"GET", path = "/x\"\\\u{0}", status = 200_u16, ok = true, "answered");
                tracing::record_all!(span, user = 7_i64, session = %"s\"");
                tracing::warn!(cause = ?Quoted, ratio = 0.25, none = f64::NAN, big = u64::MAX, low = i64::MIN, "odd {}", 1);
                span.record("user", 8);
                let error: &(dyn std::error::Error + 'static) = &fmt::Error;
                tracing::error!(error, huge = u128::MAX, r#type = "raw");
            });
            tracing::debug!(target: "elsewhere", name = "x", "no span");
            let outer = tracing::info_span!("outer", a = 1);
            outer.in_scope(|| tracing::info_span!("inner", b = 2).in_scope(|| tracing::trace!("deep")));
        };
        let [ours, theirs] = both(work);
        assert_eq!(ours.len(), 5);
        for (mine, other) in ours.iter().zip(&theirs) {
            assert_eq!(mine, other);
        }
        assert_eq!(
            ours[1]["span"],
            json!({ "id": "1-2", "user": 7, "session": "s\"", "odd": format!("{Quoted:?}"), "name": "request" })
        );
    }

    /// An error, as libraries have them.
    #[derive(Debug)]
    struct Failing(String);

    impl fmt::Display for Failing {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&self.0)
        }
    }

    impl std::error::Error for Failing {}

    proptest! {
        #[test]
        fn a_value_of_any_type_is_written_as_serde_json_writes_it(
            text in any::<String>(),
            numbers in any::<(i64, u64, f64, i128, u128)>(),
            flag in any::<bool>(),
            bytes in any::<Vec<u8>>(),
        ) {
            let (low, high, ratio, lowest, highest) = numbers;
            let failing = Failing(text.clone());
            let error: &(dyn std::error::Error + 'static) = &failing;
            let work = || {
                let span = tracing::info_span!("work", text, low, flag, later = Empty);
                span.in_scope(|| {
                    span.record("later", &text);
                    span.record("low", high);
                    tracing::warn!(
                        text, low, high, ratio, flag, lowest, highest, error,
                        shown = %text, debugged = ?text, maybe = Some(low), absent = None::<i64>, bytes = &*bytes,
                        "{text}"
                    );
                });
            };
            let [ours, theirs] = both(work);
            let expected = json!({
                "level": "WARN", "target": module_path!(), "message": text,
                "text": text, "low": low, "high": high, "ratio": ratio, "flag": flag,
                "lowest": lowest.to_string(), "highest": highest.to_string(), "error": text,
                "shown": text, "debugged": format!("{text:?}"), "maybe": low, "bytes": theirs[0]["bytes"],
                "span": { "name": "work", "text": text, "low": high, "flag": flag, "later": text },
            });
            // As a reader of the line has it: the parser rounds some numbers.
            let expected: Value = serde_json::from_str(&expected.to_string()).unwrap();
            prop_assert_eq!(&ours[0], &expected);
            prop_assert_eq!(&ours[0], &theirs[0]);
        }
    }
}
