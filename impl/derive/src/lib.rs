//! `#[derive(Rename)]`: a value renamed is each of its fields renamed.
//!
//! So a new field or variant takes part by itself, and one whose type cannot be renamed does not compile. It is used through
//! `quiesce_machine::Rename`, which re-exports it beside the trait; this crate has nothing but the macro.
//!
//! ```
//! use quiesce_machine::{NodeId, Rename, Renaming};
//!
//! #[derive(Debug, PartialEq, Rename)]
//! enum Holder { Nobody, Somebody { node: NodeId, since: u32 } }
//!
//! let other = Renaming::identity().with_node(NodeId(0), NodeId(1));
//! let held = Holder::Somebody { node: NodeId(0), since: 3 };
//! assert_eq!(held.rename(&other), Holder::Somebody { node: NodeId(1), since: 3 });
//! assert_eq!(Holder::Nobody.rename(&other), Holder::Nobody);
//! ```
#![forbid(unsafe_code)]

use proc_macro::TokenStream;
use quote::{format_ident, quote};
use syn::{Data, DeriveInput, Error, Fields, Path, parse_macro_input, parse_quote};

/// Implements `quiesce_machine::Rename` field by field. Type parameters must be `Rename` themselves.
#[proc_macro_derive(Rename)]
pub fn rename(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    implement(input).unwrap_or_else(Error::into_compile_error).into()
}

fn implement(mut input: DeriveInput) -> Result<proc_macro2::TokenStream, Error> {
    let body = match &input.data {
        Data::Struct(data) => {
            let arm = arm(&parse_quote!(Self), &data.fields);
            quote!(match self { #arm })
        }
        Data::Enum(data) if data.variants.is_empty() => quote!(match *self {}),
        Data::Enum(data) => {
            let arms = data.variants.iter().map(|variant| {
                let name = &variant.ident;
                arm(&parse_quote!(Self::#name), &variant.fields)
            });
            quote!(match self { #(#arms)* })
        }
        Data::Union(_) => return Err(Error::new_spanned(&input.ident, "a union cannot be renamed field by field")),
    };
    for parameter in input.generics.type_params_mut() {
        parameter.bounds.push(parse_quote!(::quiesce_machine::Rename));
    }
    let (name, (generics, arguments, bounds)) = (&input.ident, input.generics.split_for_impl());
    Ok(quote! {
        impl #generics ::quiesce_machine::Rename for #name #arguments #bounds {
            fn rename(&self, to: &::quiesce_machine::Renaming) -> Self {
                let _ = to;
                #body
            }
        }
    })
}

/// One arm of the match: every field bound, and the same again with each renamed.
fn arm(path: &Path, fields: &Fields) -> proc_macro2::TokenStream {
    let members: Vec<_> = fields.members().collect();
    let bound: Vec<_> = (0..members.len()).map(|place| format_ident!("field_{place}")).collect();
    quote! {
        #path { #(#members: #bound),* } => #path { #(#members: ::quiesce_machine::Rename::rename(#bound, to)),* },
    }
}
