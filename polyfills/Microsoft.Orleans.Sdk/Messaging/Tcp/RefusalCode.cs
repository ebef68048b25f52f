namespace Orleans.Runtime.Messaging;

/// <summary>Why a connection is refused.</summary>
internal enum RefusalCode : byte
{
    None,
    Protocol,
    Cluster,

    /// <summary>Another silo, or another run of the silo, is at the endpoint.</summary>
    NotThisSilo,

    /// <summary>The one that connects was declared dead.</summary>
    Dead,
    WrongPort,
}
