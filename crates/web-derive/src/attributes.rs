//! The `#[input(..)]` attributes of a struct and of its fields.

use syn::meta::ParseNestedMeta;
use syn::{Attribute, Expr, Ident, LitStr, Result, Token, Type, parenthesized};

/// The attributes of the struct.
#[derive(Default)]
pub(crate) struct StructAttributes {
    pub(crate) context: Option<Type>,
    pub(crate) example: Option<Expr>,
    pub(crate) max_body: Option<Expr>,
}

/// The attributes of a field.
#[derive(Default)]
pub(crate) struct FieldAttributes {
    pub(crate) alias: Option<LitStr>,
    pub(crate) default: Option<Expr>,
    pub(crate) example: Option<Expr>,
    pub(crate) given: Vec<Ident>,
    pub(crate) length: Option<Expr>,
    pub(crate) range: Option<Expr>,
    pub(crate) read: Option<Expr>,
    pub(crate) secret: bool,
}

impl StructAttributes {
    pub(crate) fn parse(attributes: &[Attribute]) -> Result<Self> {
        let mut parsed = Self::default();
        each(attributes, |meta| {
            match name(&meta).as_str() {
                "context" => parsed.context = Some(meta.value()?.parse()?),
                "example" => parsed.example = Some(meta.value()?.parse()?),
                "max_body" => parsed.max_body = Some(meta.value()?.parse()?),
                _ => return Err(meta.error("a struct takes `context`, `example` and `max_body`")),
            }
            Ok(())
        })?;
        Ok(parsed)
    }
}

impl FieldAttributes {
    pub(crate) fn parse(attributes: &[Attribute]) -> Result<Self> {
        let mut parsed = Self::default();
        each(attributes, |meta| {
            match name(&meta).as_str() {
                "alias" => parsed.alias = Some(meta.value()?.parse()?),
                "default" => parsed.default = Some(meta.value()?.parse()?),
                "example" => parsed.example = Some(meta.value()?.parse()?),
                "given" => {
                    let list;
                    parenthesized!(list in meta.input);
                    parsed.given = list
                        .parse_terminated(syn::parse::ParseBuffer::parse, Token![,])?
                        .into_iter()
                        .collect();
                }
                "length" => parsed.length = Some(meta.value()?.parse()?),
                "range" => parsed.range = Some(meta.value()?.parse()?),
                "read" => parsed.read = Some(meta.value()?.parse()?),
                "secret" => parsed.secret = true,
                _ => {
                    return Err(meta.error(
                        "a field takes `alias`, `default`, `example`, `given`, `length`, `range`, `read` and \
                         `secret`",
                    ));
                }
            }
            Ok(())
        })?;
        Ok(parsed)
    }
}

fn each(attributes: &[Attribute], logic: impl FnMut(ParseNestedMeta<'_>) -> Result<()>) -> Result<()> {
    let mut logic = logic;
    let own = attributes.iter().filter(|attribute| attribute.path().is_ident("input"));
    own.into_iter().try_for_each(|attribute| attribute.parse_nested_meta(&mut logic))
}

fn name(meta: &ParseNestedMeta<'_>) -> String {
    meta.path.get_ident().map(Ident::to_string).unwrap_or_default()
}

/// The text of the doc comments, as utoipa reads it.
pub(crate) fn documentation(attributes: &[Attribute]) -> Option<String> {
    let lines = attributes.iter().filter_map(|attribute| {
        let syn::Meta::NameValue(pair) = &attribute.meta else { return None };
        let Expr::Lit(literal) = &pair.value else { return None };
        let syn::Lit::Str(text) = &literal.lit else { return None };
        pair.path.is_ident("doc").then(|| text.value().trim().to_owned())
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    (!text.is_empty()).then_some(text)
}
