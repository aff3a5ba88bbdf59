//! The closed sets of words a variant is described with.

use serde::{Deserialize, Serialize};

/// An enum whose members have one name each, the same in specifications, settings and JSON.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$member_doc:meta])* $member:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
        #[cfg_attr(feature = "specta", derive(specta::Type))]
        pub enum $name {
            $($(#[$member_doc])* #[serde(rename = $word)] $member),+
        }

        impl $name {
            /// Every one of them.
            pub const ALL: &[Self] = &[$(Self::$member),+];

            /// The word in specifications, settings and JSON.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$member => $word),+ }
            }

            /// The member of that name.
            pub fn named(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|member| member.name() == word)
            }
        }
    };
}

words! {
    /// How an image meets the box it is made for.
    Fit {
        /// The whole image, no larger than the box.
        Inside = "inside",
        /// The box's ratio, filled; what sticks out is cut off, by the variant's gravity.
        #[default]
        Cover = "cover",
        /// The whole image in a box of exactly this size, the rest filled with the background.
        Contain = "contain",
        /// Exactly the box, stretched.
        Fill = "fill",
        /// A piece of the box's size, cut out by the variant's gravity and not scaled.
        Crop = "crop",
    }
}

words! {
    /// What a variant is encoded as.
    Format {
        /// Progressive JPEG; transparency gets the background.
        #[default]
        Jpeg = "jpeg",
        /// PNG, lossless; quality has no effect.
        Png = "png",
        /// WebP, lossy unless asked otherwise; animations stay animated.
        Webp = "webp",
        /// AVIF; animations stay animated.
        Avif = "avif",
        /// JPEG for photographs, WebP where there is transparency or movement.
        Auto = "auto",
    }
}

words! {
    /// Which part of an image stays when something has to be cut off, and where a smaller one lies
    /// in its box.
    Gravity {
        #[default]
        Centre = "centre",
        North = "north",
        Northeast = "northeast",
        East = "east",
        Southeast = "southeast",
        South = "south",
        Southwest = "southwest",
        West = "west",
        Northwest = "northwest",
        /// Where the eye goes first: detail, saturated colour, skin.
        Attention = "attention",
    }
}

words! {
    /// How much time an encoder may take.
    Effort {
        /// Small and quick.
        #[default]
        Normal = "normal",
        /// Smaller files at the same look, several times slower.
        Best = "best",
    }
}

impl Format {
    /// The usual file extension, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg | Self::Auto => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
            Self::Avif => "avif",
        }
    }

    /// The media type.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg | Self::Auto => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Avif => "image/avif",
        }
    }

    /// Whether pixels come out about as they went in, by a quality.
    pub const fn is_lossy(self) -> bool {
        !matches!(self, Self::Png)
    }

    /// Whether what moves goes on moving.
    pub const fn can_move(self) -> bool {
        matches!(self, Self::Webp | Self::Avif | Self::Auto)
    }

    /// Whether transparent pixels survive.
    pub const fn has_alpha(self) -> bool {
        !matches!(self, Self::Jpeg)
    }

    /// Whether a file extension (without dot, any case) already says this format.
    pub fn owns_extension(self, extension: &str) -> bool {
        let extension = extension.to_ascii_lowercase();
        match self {
            Self::Jpeg | Self::Auto => {
                matches!(extension.as_str(), "jpg" | "jpeg" | "jpe" | "jfif")
            }
            other => extension == other.extension(),
        }
    }
}

impl Gravity {
    /// The point that stays, as fractions of width and height; the middle for
    /// [`Gravity::Attention`], whose point only the pixels tell.
    pub const fn point(self) -> (f64, f64) {
        let x = match self {
            Self::Northwest | Self::West | Self::Southwest => 0.0,
            Self::Northeast | Self::East | Self::Southeast => 1.0,
            Self::Centre | Self::North | Self::South | Self::Attention => 0.5,
        };
        let y = match self {
            Self::Northwest | Self::North | Self::Northeast => 0.0,
            Self::Southwest | Self::South | Self::Southeast => 1.0,
            Self::Centre | Self::East | Self::West | Self::Attention => 0.5,
        };
        (x, y)
    }
}
