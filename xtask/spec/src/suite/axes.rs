//! Where a suite runs, and with which parameters.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where a suite runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Topologies {
    /// On every topology that is asked for.
    #[default]
    Any,
    /// On these alone.
    Only(Vec<String>),
}

impl Topologies {
    /// Whether the suite runs on this one.
    pub fn allow(&self, topology: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Only(names) => names.iter().any(|name| name == topology),
        }
    }
}

/// The parameter sets of a suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Variants {
    /// These; none for one run without any.
    Listed(Vec<SuiteVariant>),
    /// None, then each switch of a kernel module alone, then each two of them: known when the module is built.
    ParametersOf(String),
}

impl Default for Variants {
    fn default() -> Self {
        Self::Listed(Vec::new())
    }
}

/// A parameter set of a suite.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuiteVariant {
    /// Its name.
    pub name: String,
    /// Added to the kernel's command line: `cxl_test.interleave_arithmetic=1` sets a module's parameter.
    #[serde(default)]
    pub cmdline: Vec<String>,
    /// Added to the environment of every case.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
}

impl SuiteVariant {
    /// How the one without any parameter is called.
    pub const DEFAULT: &str = "default";

    /// Switches of a module turned on: the variant `a+b` gives `MODULE.a=1 MODULE.b=1`. modprobe takes them from the
    /// kernel's command line.
    pub fn of_parameters(module: &str, name: &str) -> Self {
        let parameters = name.split('+').filter(|_| name != Self::DEFAULT);
        let cmdline = parameters.map(|parameter| format!("{module}.{parameter}=1")).collect();
        Self { name: name.to_owned(), cmdline, env: BTreeMap::new() }
    }
}

impl Serialize for Topologies {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Any => serializer.serialize_str("any"),
            Self::Only(names) => names.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Topologies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyOrOnly;

        impl<'de> serde::de::Visitor<'de> for AnyOrOnly {
            type Value = Topologies;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("`any` or a list of topologies")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Topologies, E> {
                match text {
                    "any" => Ok(Topologies::Any),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                }
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Topologies, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = seq.next_element()? {
                    names.push(name);
                }
                if names.is_empty() {
                    return Err(serde::de::Error::invalid_length(0, &self));
                }
                Ok(Topologies::Only(names))
            }
        }

        deserializer.deserialize_any(AnyOrOnly)
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawParametersOf {
    parameters_of: String,
}

impl Serialize for Variants {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Listed(variants) => variants.serialize(serializer),
            Self::ParametersOf(module) => {
                RawParametersOf { parameters_of: module.clone() }.serialize(serializer)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Variants {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListOrModule;

        impl<'de> serde::de::Visitor<'de> for ListOrModule {
            type Value = Variants;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of variants or `{ parameters-of: MODULE }`")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Variants, A::Error> {
                let raw = RawParametersOf::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(Variants::ParametersOf(raw.parameters_of))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Variants, A::Error> {
                let mut variants = Vec::new();
                while let Some(variant) = seq.next_element()? {
                    variants.push(variant);
                }
                Ok(Variants::Listed(variants))
            }
        }

        deserializer.deserialize_any(ListOrModule)
    }
}
