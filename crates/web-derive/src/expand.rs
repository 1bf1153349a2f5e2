//! The implementations that the derive macro writes.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{
    Data, DeriveInput, Error, Field, Fields, GenericArgument, Ident, PathArguments, Result, Token, Type,
    punctuated::Punctuated,
};

use crate::attributes::{FieldAttributes, StructAttributes, documentation};

type Named = Punctuated<Field, Token![,]>;

/// How a field may be left out.
enum Presence<'a> {
    /// It must be there.
    Required(&'a Type),
    /// It may be missing or null.
    Optional(&'a Type),
    /// It may be missing, or null, which differ.
    Nullable(&'a Type),
}

impl<'a> Presence<'a> {
    fn of(written: &'a Type) -> Self {
        match option(written) {
            None => Self::Required(written),
            Some(inner) => option(inner).map_or(Self::Optional(inner), Self::Nullable),
        }
    }

    /// The type that the reader gives.
    fn read(&self) -> &'a Type {
        let (Self::Required(read) | Self::Optional(read) | Self::Nullable(read)) = self;
        read
    }
}

/// `T` of `Option<T>`.
fn option(written: &Type) -> Option<&Type> {
    let Type::Path(path) = written else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first() {
        Some(GenericArgument::Type(inner)) => Some(inner),
        _ => None,
    }
}

pub(crate) fn expand(item: &DeriveInput) -> Result<TokenStream> {
    let own = StructAttributes::parse(&item.attrs)?;
    let none = Named::new();
    let fields = match &item.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => &fields.named,
            Fields::Unit => &none,
            Fields::Unnamed(_) => return Err(Error::new_spanned(item, "the fields need names")),
        },
        _ => return Err(Error::new_spanned(item, "`Input` is derived for structs")),
    };
    let name = &item.ident;
    let context = own.context.as_ref().map_or_else(|| quote!(()), |context| quote!(#context));
    let max_body = own.max_body.iter();
    let described = documentation(&item.attrs).into_iter();
    let example = own.example.iter();
    let mut reads = Vec::new();
    let mut properties = Vec::new();
    for field in fields {
        let attributes = FieldAttributes::parse(&field.attrs)?;
        reads.push(read(field, &attributes, fields)?);
        properties.push(property(field, &attributes, fields, &context)?);
    }
    let names = fields.iter().filter_map(|field| field.ident.as_ref());
    let locals = names.clone().map(local);
    Ok(quote! {
        impl ::keyward_web::Input for #name {
            type Context = #context;
            #(const MAX_BODY: usize = #max_body;)*

            fn read(
                fields: &mut ::keyward_web::Fields<'_>,
                context: &Self::Context,
            ) -> ::core::option::Option<Self> {
                let _ = (&fields, context);
                #(#reads)*
                ::core::option::Option::Some(Self { #(#names: #locals?),* })
            }
        }

        impl ::keyward_web::Shape for #name {
            fn shape() -> ::keyward_web::Properties {
                ::keyward_web::Properties::new()
                    #(.described(#described))*
                    #(.example({
                        use ::keyward_web::hidden::json;
                        let _ = json!(null);
                        #example
                    }))*
                    #(.with(#properties))*
            }
        }

        impl ::keyward_web::hidden::PartialSchema for #name {
            fn schema() -> ::keyward_web::hidden::RefOr<::keyward_web::hidden::Schema> {
                <Self as ::keyward_web::Shape>::shape().object()
            }
        }

        impl ::keyward_web::hidden::ToSchema for #name {
            fn schemas(
                schemas: &mut ::std::vec::Vec<(
                    ::std::string::String,
                    ::keyward_web::hidden::RefOr<::keyward_web::hidden::Schema>,
                )>,
            ) {
                schemas.extend(<Self as ::keyward_web::Shape>::shape().named());
            }
        }

        impl ::keyward_web::hidden::IntoParams for #name {
            fn into_params(
                place: impl ::core::ops::Fn() -> ::core::option::Option<::keyward_web::hidden::ParameterIn>,
            ) -> ::std::vec::Vec<::keyward_web::hidden::Parameter> {
                <Self as ::keyward_web::Shape>::shape().parameters(place())
            }
        }
    })
}

/// The variable that holds a field while the others are read: no name that an expression of the struct could
/// mean, and in lower case, as variables have to be.
fn local(name: &Ident) -> Ident {
    let mut plain = String::new();
    for c in key(name).chars() {
        plain.push(c.to_ascii_lowercase());
        if c.is_ascii_uppercase() {
            plain.push('_');
        }
    }
    format_ident!("field_{}", plain)
}

fn key(name: &Ident) -> String {
    name.to_string().trim_start_matches("r#").to_owned()
}

/// The expression of the field's reader.
fn reader(attributes: &FieldAttributes, read: &Type) -> Result<TokenStream> {
    let FieldAttributes { read: own, length, range, secret, .. } = attributes;
    let reader = match (own, length, range) {
        (Some(own), None, None) => quote!(#own),
        (None, Some(length), None) => quote!(::keyward_web::readers::string().length(#length)),
        (None, None, Some(range)) => quote!(::keyward_web::readers::integer(#range)),
        (None, None, None) => quote!(::keyward_web::readers::plain::<#read>()),
        _ => return Err(Error::new_spanned(read, "a field takes one of `read`, `length` and `range`")),
    };
    Ok(if *secret { quote!(::keyward_web::readers::secret(#reader)) } else { reader })
}

/// The type of an earlier field.
fn earlier<'a>(name: &Ident, fields: &'a Named) -> Result<&'a Type> {
    let field = fields.iter().find(|field| field.ident.as_ref() == Some(name));
    field.map(|field| &field.ty).ok_or_else(|| Error::new_spanned(name, "there is no such field"))
}

/// Reads the field into its variable.
fn read(field: &Field, attributes: &FieldAttributes, fields: &Named) -> Result<TokenStream> {
    let Some(name) = &field.ident else { return Ok(TokenStream::new()) };
    let presence = Presence::of(&field.ty);
    let reader = reader(attributes, presence.read())?;
    let (local, written, key) = (local(name), &field.ty, key(name));
    let alias = attributes.alias.as_ref();
    let key = alias.map_or_else(|| quote!(#key), |alias| quote!(fields.either(#key, #alias)));
    let method = match (&presence, &attributes.default) {
        (Presence::Required(_), Some(default)) => quote!(or_default(key, reader, context, #default)),
        (Presence::Required(_), None) => quote!(required(key, reader, context)),
        (Presence::Optional(_), None) => quote!(optional(key, reader, context)),
        (Presence::Nullable(_), None) => quote!(nullable(key, reader, context)),
        (_, Some(default)) => {
            return Err(Error::new_spanned(default, "a field with a default is no `Option`"));
        }
    };
    let mut given = Vec::new();
    for name in &attributes.given {
        earlier(name, fields)?;
        let local = self::local(name);
        given.push(quote!(let #name = #local.as_ref();));
    }
    Ok(quote! {
        let #local: ::core::option::Option<#written> = {
            let key = #key;
            #(#given)*
            let reader = &(#reader);
            fields.#method
        };
    })
}

/// Documents the field.
fn property(
    field: &Field,
    attributes: &FieldAttributes,
    fields: &Named,
    context: &TokenStream,
) -> Result<TokenStream> {
    let Some(name) = &field.ident else { return Ok(TokenStream::new()) };
    let presence = Presence::of(&field.ty);
    let (reader, read, key) = (reader(attributes, presence.read())?, presence.read(), key(name));
    let described = documentation(&field.attrs).into_iter();
    let default = attributes.default.iter();
    let example = attributes.example.iter();
    let alias = attributes.alias.iter();
    let presence = match presence {
        Presence::Required(_) => TokenStream::new(),
        Presence::Optional(_) | Presence::Nullable(_) => quote!(.nullable()),
    };
    let mut given = Vec::new();
    for name in &attributes.given {
        let earlier = earlier(name, fields)?;
        given.push(quote!(let #name: ::core::option::Option<&#earlier> = ::core::option::Option::None;));
    }
    Ok(quote! {
        {
            #(#given)*
            ::keyward_web::Property::of::<#context, #read, _>(#key, &(#reader))
                #presence
                #(.described(#described))*
                #(.default(::keyward_web::hidden::json!(#default)))*
                #(.example(::keyward_web::hidden::json!(#example)))*
                #(.alias(#alias))*
        }
    })
}
