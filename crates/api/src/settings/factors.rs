//! Settings of second factors.

use clap::Args;
use keyward_domain::factors::policy::SecondFactor;

/// Who has to have a second factor.
#[derive(Args, Clone, Debug)]
pub struct FactorSettings {
    /// Who has to have a second factor: `optional`, `administrators` or `required`. Who has to and has
    /// none gets tokens that are good for enrolling one
    #[arg(long, env = "KEYWARD_SECOND_FACTOR", default_value = "optional", value_name = "WHO",
        value_parser = ["optional", "administrators", "required"])]
    pub second_factor: String,
}

impl FactorSettings {
    /// Who has to have a second factor.
    pub fn policy(&self) -> SecondFactor {
        match self.second_factor.as_str() {
            "required" => SecondFactor::Required,
            "administrators" => SecondFactor::Administrators,
            _ => SecondFactor::Optional,
        }
    }
}
