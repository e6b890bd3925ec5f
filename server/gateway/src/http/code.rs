//! Result codes of the v2 API.

/// A result code with its fixed text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Code {
    pub(super) number: u32,
    pub(super) text: &'static str,
}

macro_rules! codes {
    ($($name:ident = $number:literal $text:literal;)*) => {
        impl Code {
            $(pub(super) const $name: Self = Self { number: $number, text: $text };)*
        }
    };
}

impl Code {
    /// The code of the capacity that a publish would exceed.
    pub(super) fn over_capacity(excess: nacre_config::Excess) -> Self {
        use nacre_config::Excess;
        match excess {
            Excess::Cluster(_) => Self::OVER_CLUSTER_QUOTA,
            Excess::Group(_) => Self::OVER_GROUP_QUOTA,
            Excess::Namespace(_) => Self::OVER_TENANT_QUOTA,
            _ => Self::OVER_MAX_SIZE,
        }
    }
}

codes! {
    OVER_CLUSTER_QUOTA = 5031 "over cluster quota";
    OVER_GROUP_QUOTA = 5032 "over group quota";
    OVER_TENANT_QUOTA = 5033 "over tenant quota";
    OVER_MAX_SIZE = 5034 "over max size";
    PARAMETER_MISSING = 10000 "parameter missing";
    ACCESS_DENIED = 10001 "access denied";
    PARAMETER_VALIDATE = 20002 "parameter validate error";
    RESOURCE_NOT_FOUND = 20004 "resource not found";
    RESOURCE_CONFLICT = 20005 "resource conflict";
    TOO_MANY_GRAYS = 20010 "config gray version over max count";
    WEIGHT = 21001 "weight error";
    INSTANCE = 21004 "instance error";
    SELECTOR = 21006 "selector error";
    SERVICE_EXISTS = 21007 "service already exist";
    SERVICE_NOT_EXIST = 21008 "service not exist";
    SERVICE_DELETE = 21009 "service delete failure";
    NAMESPACE_ILLEGAL = 22000 "illegal namespace";
    NAMESPACE_NOT_EXIST = 22001 "namespace not exist";
    NAMESPACE_EXISTS = 22002 "namespace already exist";
    ILLEGAL_STATE = 23000 "illegal state";
    SERVER = 30000 "server error";
}
