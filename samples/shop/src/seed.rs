//! An example catalogue for `keyward seed`.

use keyward_api::foundation::Foundation;
use keyward_api::resources::resource::{Seeded, Seeding};

use crate::domain::catalog::Catalog;
use crate::domain::money::Money;
use crate::domain::product::{Description, Label, ProductSpec};
use crate::wiring::catalog_on;

/// Category, name, description, price, pieces.
const PRODUCTS: [(&str, &str, &str, &str, u32); 6] = [
    ("Books", "The Art of Locks", "A history of keys and wards, with 120 drawings.", "34.90", 12),
    ("Books", "Small Proofs", "Mathematics for the train.", "12.50", 40),
    ("Kitchen", "Enamel Mug", "White, with a blue rim. Holds a third of a litre.", "9.95", 150),
    ("Kitchen", "Paring Knife", "Carbon steel, eight centimetres.", "24", 30),
    ("Garden", "Watering Can", "Galvanised, five litres.", "39.90", 8),
    ("Garden", "Seed Box", "Twelve old kinds of vegetables.", "18.20", 0),
];

pub fn seed(foundation: &Foundation, _: Seeded) -> Seeding<'_> {
    Box::pin(async move { fill(&catalog_on(foundation)).await.map_err(|error| error.to_string()) })
}

async fn fill(catalog: &Catalog) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut last = None;
    for (category, name, description, price, quantity) in PRODUCTS {
        let category = match last.take() {
            Some((label, id)) if label == category => (label, id),
            _ => (category, catalog.create_category(&Label::parse(category)?).await?.id),
        };
        let spec = ProductSpec {
            name: Label::parse(name)?,
            description: Description::parse(description)?,
            price: Money::parse(price)?,
            quantity,
            category: category.1,
        };
        catalog.create_product(&spec).await?;
        last = Some(category);
    }
    Ok(())
}
