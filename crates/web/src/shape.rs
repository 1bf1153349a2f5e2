//! What a body or query looks like in an OpenAPI document.

use keyward_guard::Schemas;
use serde_json::Value;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Required, Schema};

use crate::reader::Reader;

/// What is documented of an [`Input`](crate::Input); derived with it.
pub trait Shape {
    /// Its fields.
    fn shape() -> Properties;
}

/// The fields of a body or query, in their order.
#[derive(Default)]
pub struct Properties {
    description: Option<&'static str>,
    example: Option<Value>,
    fields: Vec<Property>,
}

/// One field.
pub struct Property {
    name: &'static str,
    alias: Option<&'static str>,
    schema: RefOr<Schema>,
    schemas: Schemas,
    nullable: bool,
    required: bool,
    description: Option<&'static str>,
}

impl Properties {
    /// No fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Describes them all.
    #[must_use]
    pub fn described(self, words: &'static str) -> Self {
        Self { description: Some(words), ..self }
    }

    /// Shows an example.
    #[must_use]
    pub fn example(self, example: Value) -> Self {
        Self { example: Some(example), ..self }
    }

    /// Adds a field.
    #[must_use]
    pub fn with(mut self, field: Property) -> Self {
        self.fields.push(field);
        self
    }

    /// The schema of a body.
    pub fn object(self) -> RefOr<Schema> {
        let object = ObjectBuilder::new().schema_type(Type::Object).description(self.description);
        let mut object = self.fields.into_iter().fold(object, |object, field| field.add_to(object)).build();
        object.example = self.example;
        RefOr::T(Schema::Object(object))
    }

    /// The schemas that the fields refer to by name.
    pub fn named(self) -> Schemas {
        self.fields.into_iter().flat_map(|field| field.schemas).collect()
    }

    /// The parameters of a query.
    pub fn parameters(self, place: Option<ParameterIn>) -> Vec<Parameter> {
        let place = place.unwrap_or_default();
        self.fields.into_iter().map(|field| field.parameter(place.clone())).collect()
    }
}

impl Property {
    /// A field that `reader` reads as a `T`, and that must be there.
    pub fn of<C, T, R: Reader<C, Value = T>>(name: &'static str, reader: &R) -> Self {
        let mut schemas = Schemas::new();
        reader.schemas(&mut schemas);
        Self {
            name,
            alias: None,
            schema: reader.schema(),
            schemas,
            nullable: false,
            required: true,
            description: None,
        }
    }

    /// It may be missing, and null in a body.
    #[must_use]
    pub fn nullable(self) -> Self {
        Self { nullable: true, required: false, ..self }
    }

    /// Describes it.
    #[must_use]
    pub fn described(self, words: &'static str) -> Self {
        Self { description: Some(words), ..self }
    }

    /// It may be missing, and has this value then.
    #[must_use]
    pub fn default(mut self, default: Value) -> Self {
        if let RefOr::T(Schema::Object(object)) = &mut self.schema {
            object.default = Some(default);
        }
        Self { required: false, ..self }
    }

    /// Shows an example.
    #[must_use]
    pub fn example(mut self, example: Value) -> Self {
        if let RefOr::T(Schema::Object(object)) = &mut self.schema {
            object.example = Some(example);
        }
        self
    }

    /// It may come under another name instead.
    #[must_use]
    pub fn alias(self, alias: &'static str) -> Self {
        Self { alias: Some(alias), required: false, ..self }
    }

    fn add_to(self, object: ObjectBuilder) -> ObjectBuilder {
        let mut schema = self.schema.clone();
        match &mut schema {
            RefOr::T(Schema::Object(object)) => {
                if let (true, SchemaType::Type(schema_type)) = (self.nullable, &object.schema_type) {
                    object.schema_type = SchemaType::Array(vec![schema_type.clone(), Type::Null]);
                }
                if let Some(words) = self.description {
                    object.description = Some(words.to_owned());
                }
            }
            RefOr::T(Schema::Array(list)) => {
                if let (true, SchemaType::Type(schema_type)) = (self.nullable, &list.schema_type) {
                    list.schema_type = SchemaType::Array(vec![schema_type.clone(), Type::Null]);
                }
                if let Some(words) = self.description {
                    list.description = Some(words.to_owned());
                }
            }
            RefOr::Ref(reference) if !self.nullable => {
                reference.description = self.description.map(str::to_owned).unwrap_or_default();
            }
            RefOr::Ref(reference) => {
                let null = ObjectBuilder::new().schema_type(Type::Null);
                let either = OneOfBuilder::new().item(reference.clone()).item(null);
                schema = RefOr::T(Schema::OneOf(either.description(self.description).build()));
            }
            RefOr::T(_) => {}
        }
        let object = match self.alias {
            Some(alias) => {
                object.property(self.name, schema.clone()).property(alias, described_as(schema, self.name))
            }
            None => object.property(self.name, schema),
        };
        if self.required { object.required(self.name) } else { object }
    }

    fn parameter(self, place: ParameterIn) -> Parameter {
        ParameterBuilder::new()
            .name(self.name)
            .parameter_in(place)
            .description(self.description)
            .required(if self.required { Required::True } else { Required::False })
            .schema(Some(self.schema))
            .build()
    }
}

/// The schema of the field under its other name.
fn described_as(mut schema: RefOr<Schema>, name: &str) -> RefOr<Schema> {
    if let RefOr::T(Schema::Object(object)) = &mut schema {
        object.description = Some(format!("In place of `{name}`."));
    }
    schema
}
