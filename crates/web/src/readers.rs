//! The readers there are, for `#[input(read = ..)]`.

use std::marker::PhantomData;
use std::ops::RangeInclusive;

use keyward_guard::Schemas;
use serde_json::json;
use utoipa::ToSchema;
use utoipa::openapi::schema::{KnownFormat, SchemaFormat, Type};
use utoipa::openapi::{Ref, RefOr, Schema};

use crate::fault::{Fault, Flaw};
use crate::fields::Fields;
use crate::given::Given;
use crate::input::Input;
use crate::reader::{Field, Reader, of_integer, of_type};

/// Reads a type that reads itself, as a field without a reader does.
pub fn plain<T: Field>() -> Plain<T> {
    Plain(PhantomData)
}

/// Made by [`plain`].
pub struct Plain<T>(PhantomData<fn() -> T>);

impl<C, T: Field> Reader<C> for Plain<T> {
    type Value = T;

    fn read(&self, given: Given<'_>, _: &C) -> Result<T, Flaw> {
        T::read(given)
    }

    fn schema(&self) -> RefOr<Schema> {
        T::schema()
    }
}

/// Reads as `reader` does; a fault never shows the value. `#[input(secret)]` stands for it.
pub fn secret<R>(reader: R) -> Secret<R> {
    Secret(reader)
}

/// Made by [`secret`].
pub struct Secret<R>(R);

impl<C, R: Reader<C>> Reader<C> for Secret<R> {
    type Value = R::Value;

    const SECRET: bool = true;

    fn read(&self, given: Given<'_>, context: &C) -> Result<R::Value, Flaw> {
        self.0.read(given, context)
    }

    fn schema(&self) -> RefOr<Schema> {
        self.0.schema()
    }

    fn read_parts(&self, given: Given<'_>, context: &C) -> Result<R::Value, Vec<Fault>> {
        self.0.read_parts(given, context)
    }

    fn schemas(&self, schemas: &mut Schemas) {
        self.0.schemas(schemas);
    }
}

/// Reads an object of a declared type, with every fault in it. It is JSON: a form cannot hold one.
pub fn object<T: Input>() -> Object<T> {
    Object(PhantomData)
}

/// Made by [`object`].
pub struct Object<T>(PhantomData<fn() -> T>);

impl<T: Input + ToSchema> Reader<T::Context> for Object<T> {
    type Value = T;

    fn read(&self, given: Given<'_>, context: &T::Context) -> Result<T, Flaw> {
        self.read_parts(given, context).map_err(|_| Flaw::not_an_object())
    }

    fn read_parts(&self, given: Given<'_>, context: &T::Context) -> Result<T, Vec<Fault>> {
        let object = given.value().as_object().filter(|_| !given.is_text());
        let object = object.ok_or_else(|| vec![Flaw::not_an_object().at(Vec::new(), None)])?;
        T::read_all(Fields::of_json(object), context).map_err(|mut faults| {
            // They are named from the body on, which this object is not.
            for fault in &mut faults {
                fault.loc.drain(..1);
            }
            faults
        })
    }

    fn schema(&self) -> RefOr<Schema> {
        Ref::from_schema_name(T::name()).into()
    }

    fn schemas(&self, schemas: &mut Schemas) {
        T::schemas(schemas);
        schemas.push((T::name().into_owned(), T::schema()));
    }
}

/// Reads text.
pub fn string() -> Text {
    Text { length: 0..=usize::MAX, pattern: None, format: None }
}

/// Made by [`string`].
#[derive(Clone)]
pub struct Text {
    length: RangeInclusive<usize>,
    pattern: Option<&'static str>,
    format: Option<KnownFormat>,
}

impl Text {
    /// Text of a length within bounds, in characters (Unicode scalar values). `#[input(length = ..)]` stands for it.
    #[must_use]
    pub fn length(self, length: RangeInclusive<usize>) -> Self {
        Self { length, ..self }
    }

    /// Documents a pattern, which is left to the handler to enforce.
    #[must_use]
    pub fn pattern(self, pattern: &'static str) -> Self {
        Self { pattern: Some(pattern), ..self }
    }

    /// Documents a format.
    #[must_use]
    pub fn format(self, format: KnownFormat) -> Self {
        Self { format: Some(format), ..self }
    }
}

impl<C> Reader<C> for Text {
    type Value = String;

    fn read(&self, given: Given<'_>, _: &C) -> Result<String, Flaw> {
        let text = given.string()?;
        let (least, most) = (*self.length.start(), *self.length.end());
        match text.chars().count() {
            length if length < least => Err(Flaw::too_short(least)),
            length if length > most => Err(Flaw::too_long(most)),
            _ => Ok(text.to_owned()),
        }
    }

    fn schema(&self) -> RefOr<Schema> {
        let (least, most) = (*self.length.start(), *self.length.end());
        of_type(Type::String)
            .format(self.format.clone().map(SchemaFormat::KnownFormat))
            .min_length((least > 0).then_some(least))
            .max_length((most < usize::MAX).then_some(most))
            .pattern(self.pattern)
            .into()
    }
}

/// Reads an integer within bounds. `#[input(range = ..)]` stands for it.
pub fn integer<T: Whole>(range: RangeInclusive<T>) -> Integer<T> {
    Integer(range)
}

/// Made by [`integer`].
#[derive(Clone, Debug)]
pub struct Integer<T>(RangeInclusive<T>);

/// A type of integers that fits into 64 bits.
pub trait Whole: Copy + Into<i64> + TryFrom<i64> {
    /// Its format in a schema.
    const FORMAT: KnownFormat;
}

impl Whole for u32 {
    const FORMAT: KnownFormat = KnownFormat::Int32;
}

impl Whole for i32 {
    const FORMAT: KnownFormat = KnownFormat::Int32;
}

impl Whole for i64 {
    const FORMAT: KnownFormat = KnownFormat::Int64;
}

impl<C, T: Whole> Reader<C> for Integer<T> {
    type Value = T;

    fn read(&self, given: Given<'_>, _: &C) -> Result<T, Flaw> {
        let number = given.integer()?;
        let (least, most): (i64, i64) = ((*self.0.start()).into(), (*self.0.end()).into());
        if number < least {
            let message = format!("Input should be greater than or equal to {least}");
            return Err(Flaw::with_ctx("greater_than_equal", message, json!({ "ge": least })));
        }
        let too_large = || {
            let message = format!("Input should be less than or equal to {most}");
            Flaw::with_ctx("less_than_equal", message, json!({ "le": most }))
        };
        T::try_from(number).ok().filter(|_| number <= most).ok_or_else(too_large)
    }

    #[expect(clippy::cast_precision_loss, reason = "bounds of a document are far below 2^53")]
    fn schema(&self) -> RefOr<Schema> {
        let (least, most): (i64, i64) = ((*self.0.start()).into(), (*self.0.end()).into());
        of_integer(T::FORMAT).minimum(Some(least as f64)).maximum(Some(most as f64)).into()
    }
}

/// Reads one of a few words.
pub fn choice<T: Copy>(options: &'static [(&'static str, T)]) -> Choice<T> {
    Choice { options, description: None, named: None }
}

/// Made by [`choice`].
pub struct Choice<T: 'static> {
    options: &'static [(&'static str, T)],
    description: Option<&'static str>,
    named: Option<Named>,
}

/// Makes a schema and its name.
type Named = fn() -> (String, RefOr<Schema>);

impl<T> Choice<T> {
    /// Describes the choice in the document.
    #[must_use]
    pub fn described(self, words: &'static str) -> Self {
        Self { description: Some(words), ..self }
    }

    /// Documents the choice by the named schema of `D`, which lists the same words.
    #[must_use]
    pub fn documented<D: ToSchema>(self) -> Self {
        Self { named: Some(|| (D::name().into_owned(), D::schema())), ..self }
    }

    /// "'a', 'b' or 'c'".
    fn words(&self) -> String {
        let quoted: Vec<String> = self.options.iter().map(|(word, _)| format!("'{word}'")).collect();
        match quoted.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => String::new(),
        }
    }
}

impl<C, T: Copy> Reader<C> for Choice<T> {
    type Value = T;

    fn read(&self, given: Given<'_>, _: &C) -> Result<T, Flaw> {
        let word = given.value().as_str();
        let chosen = self.options.iter().find(|(known, _)| Some(*known) == word);
        chosen.map(|(_, value)| *value).ok_or_else(|| {
            let words = self.words();
            let message = format!("Input should be {words}");
            Flaw::with_ctx("literal_error", message, json!({ "expected": words }))
        })
    }

    fn schema(&self) -> RefOr<Schema> {
        if let Some(named) = self.named {
            return Ref::from_schema_name(named().0).into();
        }
        let words = self.options.iter().map(|(word, _)| *word);
        of_type(Type::String).description(self.description).enum_values(Some(words)).into()
    }

    fn schemas(&self, schemas: &mut Schemas) {
        schemas.extend(self.named.map(|named| named()));
    }
}
